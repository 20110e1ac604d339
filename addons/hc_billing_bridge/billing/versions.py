# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Events of one thing that arrive in any order, and the one state they lead to.

Each field has its value from the newest event that states it. So a cancellation that names
nothing but the number leaves the time as it was, a late event still fills in what no newer
one has said, and every order of arrival ends in the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Value = object
RANKS = (
    "pending",
    "waitlist",
    "booked",
    "arrived",
    "fulfilled",
    "noshow",
    "cancelled",
    "entered_in_error",
)
"""States by how final they are: of two events of the same moment the more final one holds.
Senders who write their times in minutes send a booking and its cancellation like that."""


class Verdict(StrEnum):
    """What an event has done."""

    APPLIED = "applied"
    RESTATED = "restated"  # says what is known already
    SUPERSEDED = "superseded"  # says what newer events have overtaken


@dataclass(slots=True)
class History:
    """Values of a thing, and of which moment each of them is."""

    values: dict[str, Value] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def apply(self, stated: Mapping[str, Value], version: str) -> Verdict:
        """Take over what is newer than what is known; events of one version count in the
        order of arrival.

        >>> history = History()
        >>> history.apply({"state": "cancelled"}, "2026-11-02")
        <Verdict.APPLIED: 'applied'>
        >>> history.apply({"state": "booked", "start": 9}, "2026-11-01")
        <Verdict.APPLIED: 'applied'>
        >>> history.values
        {'state': 'cancelled', 'start': 9}
        >>> history.apply({"state": "booked"}, "2026-10-31")
        <Verdict.SUPERSEDED: 'superseded'>
        """
        is_restated = all(
            name in self.values and self.values[name] == value for name, value in stated.items()
        )
        newer = {
            name: value
            for name, value in stated.items()
            if name not in self.versions or version >= self.versions[name]
        }
        changed = any(
            name not in self.values or self.values[name] != value for name, value in newer.items()
        )
        self.values.update(newer)
        self.versions.update(dict.fromkeys(newer, version))
        if changed:
            return Verdict.APPLIED
        return Verdict.RESTATED if is_restated else Verdict.SUPERSEDED


def version_of(moment: datetime, state: str, arrival: int | None = None) -> str:
    """A text that sorts by time, to the microsecond, then by how final the state is.

    :param moment: naive UTC.
    :param arrival: number that grows with each message, of an event that tells no time of its
        own: what many such events of one moment say counts in the order of arrival.

    >>> version_of(datetime(2026, 11, 24, 9), "booked")
    '2026-11-24T09:00:00.000000/2'
    """
    rank = str(RANKS.index(state)) if arrival is None else f"9{arrival:015}"
    return f"{moment.isoformat(timespec='microseconds')}/{rank}"


def moment_of(version: str) -> datetime:
    """The time of a version, naive UTC."""
    return datetime.fromisoformat(version.partition("/")[0])
