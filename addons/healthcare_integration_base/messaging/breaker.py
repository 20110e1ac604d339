# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""When to leave a receiver in peace: a circuit breaker as values, without a clock of its own.

Closed: everything is sent. After so many failures in a row it opens: nothing is sent and no
message spends an attempt. When its time is over exactly one message probes (half-open): it
closes the breaker, or opens it for longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Gate(StrEnum):
    """What a sender may do now."""

    SEND = "send"
    PROBE = "probe"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Policy:
    """:param threshold: failures in a row that open it.
    :param base_seconds: the first time it stays open; doubled each time up to ``cap_seconds``.
    """

    threshold: int = 5
    base_seconds: int = 30
    cap_seconds: int = 900


@dataclass(frozen=True, slots=True)
class Breaker:
    """:param failures: in a row.
    :param trips: openings since it was last closed.
    :param until: open: when a probe may go; half-open: when the probe is given up for lost.
    """

    state: State = State.CLOSED
    failures: int = 0
    trips: int = 0
    until: datetime | None = None

    def gate(self, now: datetime) -> Gate:
        if self.state is State.CLOSED:
            return Gate.SEND
        return Gate.PROBE if self.until is None or self.until <= now else Gate.WAIT

    def probing(self, now: datetime, lease_seconds: int) -> Breaker:
        """One probe is under way; it is lost when nothing is heard of it for the lease."""
        until = now + timedelta(seconds=lease_seconds)
        return replace(self, state=State.HALF_OPEN, until=until)

    def succeeded(self) -> Breaker:
        """The receiver answered. While open only the probe counts: what was sent before the
        breaker opened says nothing about the present."""
        return self if self.state is State.OPEN else Breaker()

    def failed(self, now: datetime, policy: Policy, not_before: datetime | None = None) -> Breaker:
        """The receiver did not answer, or not as one that works.

        :param not_before: when the receiver said that it may be asked again.
        """
        failures = self.failures + 1
        if self.state is State.OPEN:
            return replace(self, failures=failures)
        if self.state is State.CLOSED and failures < policy.threshold:
            return replace(self, failures=failures)
        trips = self.trips + 1
        until = now + timedelta(seconds=open_seconds(trips, policy))
        if not_before is not None:
            until = max(until, not_before)
        return Breaker(State.OPEN, failures, trips, until)


def open_seconds(trips: int, policy: Policy) -> int:
    """How long the breaker stays open after it opened for the ``trips``-th time in a row."""
    return min(policy.cap_seconds, policy.base_seconds << min(max(trips - 1, 0), 20))
