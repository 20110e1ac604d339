# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a replay does with a message: one verdict for the count, the dry run and the run itself.

A replay repeats handling, not translation, and only of what has not come to its end. What is
done is never handed to its handler again, with or without effects: some handlers only count
what they see, and would count twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HANDLED = frozenset({"done", "duplicate", "superseded"})
RESUMABLE = frozenset({"review", "dead", "retry"})
MOVING = frozenset({"received"})


class Verdict(StrEnum):
    """What becomes of a message in a replay."""

    READY = "ready"  # is handled
    MOVING = "moving"  # is waiting for its turn already, and is watched
    ALREADY = "already"  # has come to its end with its effect: nothing is done
    CANCELLED = "cancelled"  # somebody has decided about it
    REJECTED = "rejected"
    OUTBOUND = "outbound"  # is sent by its own channel, never replayed
    RETIRED = "retired"  # its channel is out of use
    PRUNED = "pruned"  # its content was deleted
    HELD = "held"  # is on legal hold


BLOCKED = tuple(Verdict)[3:]
"""Verdicts of messages that cannot be replayed, each a reason."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the verdict depends on.

    :param in_use: whether channel and system are in use: not retired, not archived.
    :param on_hold: whether a legal hold asks for it to stay as it is.
    :param on_trial: whether it was only planned, on a channel in shadow.
    """

    state: str
    direction: str = "in"
    in_use: bool = True
    has_content: bool = True
    on_hold: bool = False
    on_trial: bool = False

    @property
    def verdict(self) -> Verdict:
        """The first reason that holds; the end of a message goes before all others.

        >>> Case("review").verdict
        <Verdict.READY: 'ready'>
        >>> Case("done", has_content=False).verdict
        <Verdict.ALREADY: 'already'>
        """
        return self._by_state() or self._by_circumstance()

    def _by_state(self) -> Verdict | None:
        if self.direction != "in":
            return Verdict.OUTBOUND
        if self.state in HANDLED:
            return Verdict.ALREADY
        if self.state in MOVING:
            return Verdict.MOVING
        if self.state in RESUMABLE or (self.state == "cancelled" and self.on_trial):
            return None
        return Verdict.CANCELLED if self.state == "cancelled" else Verdict.REJECTED

    def _by_circumstance(self) -> Verdict:
        if not self.has_content:
            return Verdict.PRUNED
        if self.on_hold:
            return Verdict.HELD
        return Verdict.READY if self.in_use else Verdict.RETIRED
