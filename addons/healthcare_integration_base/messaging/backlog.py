# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How much may wait: a limit with hysteresis, and when to come back.

A place (a lane, or a channel) that is full takes nothing until a fifth of the limit is free
again. While it is full nothing comes in, so what it loses from one look to the next is the
rate at which it is worked off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

FREE_AGAIN = 0.8
"""Share of the limit at which a full place takes messages again."""
LOOK_SECONDS = 1.0
"""How long a count holds."""
COST_FACTOR = 20
"""A count that takes long is made so much less often."""
UNKNOWN_WAIT, SHORTEST_WAIT, LONGEST_WAIT = 15, 1, 600
MEMORY = 0.3
"""Weight of the newest rate in the mean."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """What was seen of a place.

    :param waiting: messages that wait, counted up to the limit and one more.
    :param full: whether it takes nothing until it is free again.
    :param at: when it was counted; seconds of the database's clock.
    :param rate: messages a second that are worked off; 0: not known yet.
    """

    waiting: int
    full: bool
    at: float
    rate: float = 0.0


def is_full(limit: int, waiting: int, was_full: bool) -> bool:
    """Whether a place takes nothing; 0 is no limit."""
    if limit <= 0:
        return False
    return waiting > free_mark(limit) if was_full else waiting >= limit


def free_mark(limit: int) -> int:
    """How many may still wait when a full place takes messages again."""
    return int(limit * FREE_AGAIN)


def seen(before: Gauge | None, limit: int, waiting: int, at: float) -> Gauge:
    """The gauge after another look."""
    was_full = before is not None and before.full
    after = Gauge(waiting, is_full(limit, waiting, was_full), at, before.rate if before else 0.0)
    if before is None or not was_full or at <= before.at:
        return after
    worked_off = (before.waiting - waiting) / (at - before.at)
    if worked_off <= 0:
        return after
    mean = MEMORY * worked_off + (1 - MEMORY) * before.rate if before.rate else worked_off
    return replace(after, rate=mean)


def retry_after(gauge: Gauge, limit: int) -> int:
    """Whole seconds until a full place takes messages again, by the rate of late."""
    if gauge.rate <= 0:
        return UNKNOWN_WAIT
    left = max(0, gauge.waiting - free_mark(limit))
    return max(SHORTEST_WAIT, math.ceil(min(LONGEST_WAIT, left / gauge.rate)))


def look_again_after(took: float) -> float:
    """Seconds until the next count, by what the last one cost."""
    return max(LOOK_SECONDS, took * COST_FACTOR)
