# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Rates: a token bucket that all workers share, and the share that one worker has in hand.

The bucket is a row of the database; the clock is the database's. A worker takes a little
more out of it than it needs, and gives from that without asking again. What it has in hand
it brings back when it asks the next time, so that a busy worker starves no other.

All times are seconds. One token is one item: an event, an HL7 message, a bundle's entry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

LEASE_SECONDS = 0.1
"""For so long a worker gives from what it has in hand, and remembers that nothing was left."""
LONGEST_WAIT = 3600


@dataclass(frozen=True, slots=True)
class Limit:
    """What was agreed with a system.

    :param per_second: items in the long run; 0 is no limit.
    :param burst: items at once after a time of silence.
    """

    per_second: float
    burst: int

    @property
    def holds(self) -> bool:
        """Whether there is a limit at all."""
        return self.per_second > 0

    @property
    def capacity(self) -> int:
        """Tokens of the full bucket; a bucket that holds no whole token would let none by."""
        return max(self.burst, 1)

    @property
    def ahead(self) -> int:
        """How many tokens a worker takes beyond what it needs at the moment."""
        return min(int(self.per_second * LEASE_SECONDS), self.capacity // 4)


def filled(limit: Limit, tokens: float, elapsed: float) -> float:
    """Tokens of a bucket after ``elapsed``; a clock that was set back fills none."""
    return min(limit.capacity, tokens + limit.per_second * max(0.0, elapsed))


def granted(limit: Limit, tokens: float, wanted: int, whole: bool) -> int:
    """How many tokens a bucket gives to a worker that wants so many; it may get some ahead.

    The engine's statement computes the same in the database.

    :param whole: all or none. What is larger than the bucket gets through when the bucket is
        full, and leaves a debt.
    """
    if tokens < (min(wanted, limit.capacity) if whole else 1):
        return 0
    at_hand = min(wanted + limit.ahead, math.floor(tokens))
    return max(wanted, at_hand) if whole else at_hand


def wait(limit: Limit, tokens: float, wanted: int) -> int:
    """Whole seconds until ``wanted`` tokens are there, for Retry-After."""
    missing = min(wanted, limit.capacity) - tokens
    return max(1, math.ceil(min(LONGEST_WAIT, missing / limit.per_second)))


@dataclass(slots=True)
class Share:
    """What one worker has in hand of a bucket.

    :param tokens: whole tokens.
    :param until: when they are old, by the worker's own clock.
    :param empty_until: until then the bucket need not be asked for ``empty_for`` or more.
    :param retry_after: what a sender was told last.
    """

    tokens: int = 0
    until: float = 0.0
    empty_until: float = 0.0
    empty_for: int = 1
    retry_after: int = 1

    def gives(self, wanted: int, now: float) -> bool:
        """Give ``wanted`` tokens from the hand; says whether that was possible."""
        if now >= self.until or self.tokens < wanted:
            return False
        self.tokens -= wanted
        return True

    def is_empty(self, wanted: int, now: float) -> bool:
        """Whether asking the bucket would be in vain."""
        return now < self.empty_until and wanted >= self.empty_for

    def lent(self, got: int, wanted: int, now: float) -> int:
        """Take what the bucket gave in hand, and give from it.

        :return: how many of ``wanted``.
        """
        given = min(got, wanted)
        self.tokens, self.until = got - given, now + LEASE_SECONDS
        return given

    def refused(self, wanted: int, retry_after: int, now: float) -> None:
        """Remember that there was not so much left."""
        self.empty_for, self.retry_after = wanted, retry_after
        self.empty_until = now + LEASE_SECONDS
