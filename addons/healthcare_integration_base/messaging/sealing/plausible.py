# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Whether an event may have come when it says it came.

Every event carries the id of the transaction that added it. A checkpoint knows below which
transaction nothing can be added any more, from which on none had begun, and which the highest
id was. So an event that is put in afterwards with an older transaction, an older id or an
older time gives itself away, also before it is sealed.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .note import Checkpoint, Snapshot

CLOCK = timedelta(minutes=5)
"""A clock may be set back so far."""
LEAST_DAYS = 365
"""Content that was sealed for less long is never pruned, whatever an event says."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """Content that was taken away: places from one to another, both included."""

    first: int
    last: int
    recorded_at: str
    days: int


def pruned_by(recorded_at: str, details: str | None) -> list[Pruned]:
    """What an event of pruning says; what nobody but a forger would write says nothing."""
    try:
        told = json.loads(details or "")
        moment_of(recorded_at)
        return [
            Pruned(int(first), int(last), recorded_at, int(told["days"]))
            for first, last in told["places"]
        ]
    except (ValueError, TypeError, KeyError):
        return []


@dataclass(slots=True)
class _Epoch:
    """Checkpoints of one PostgreSQL cluster; transaction ids mean nothing in another one."""

    upcoming: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    closed: int | None = None

    def add(self, snapshot: Snapshot, moment: datetime) -> None:
        """Where the trail stood then."""
        self.upcoming.append(snapshot.upcoming)
        self.high.append(snapshot.high)
        self.times.append(moment)
        self.closed = snapshot.closed

    def allows(self, event_id: int, txid: int, moment: datetime) -> bool:
        """Whether a transaction that began so late may bring such an id and such a time."""
        at = bisect_right(self.upcoming, txid) - 1
        return at < 0 or (event_id > self.high[at] and moment >= self.times[at] - CLOCK)


class History:
    """What the checkpoints so far say about events that follow."""

    def __init__(self, pruned: Iterable[Pruned]) -> None:
        self._pruned = sorted(pruned, key=lambda one: one.first)
        self._firsts = [one.first for one in self._pruned]
        self._cluster: int | None = None
        self._epoch = _Epoch()
        self._floor: int | None = None
        self.pruned_count = 0

    def enter(self, note: Checkpoint) -> bool:
        """Go on to a checkpoint.

        :return: whether the database has come to another cluster with it
        """
        moved = self._cluster not in (None, note.snapshot.cluster)
        if note.snapshot.cluster != self._cluster:
            self._epoch = _Epoch()
        self._cluster = note.snapshot.cluster
        self._floor = self._epoch.closed
        self._epoch.add(note.snapshot, moment_of(note.time))
        return moved

    def is_of(self, note: Checkpoint, event: Mapping[str, str | None]) -> bool:
        """Whether the event may have been sealed by the checkpoint entered last. With the
        first one of a cluster comes whatever came from the cluster before."""
        if self._floor is None:
            return True
        txid = int(event["txid"] or 0)
        if not self._floor <= txid < note.snapshot.closed:
            return False
        return self._allows(int(event["id"] or 0), txid, event["recorded_at"] or "")

    def may_come(self, cluster: int, event_id: int, txid: int, recorded_at: str) -> bool:
        """Whether an event that has no place may still get one."""
        if cluster != self._cluster or self._epoch.closed is None:
            return True
        return txid >= self._epoch.closed and self._allows(event_id, txid, recorded_at)

    def _allows(self, event_id: int, txid: int, recorded_at: str) -> bool:
        try:
            return self._epoch.allows(event_id, txid, moment_of(recorded_at))
        except ValueError:
            return False

    def is_pruned(self, place: int, note: Checkpoint) -> bool:
        """Whether an event of pruning accounts for the content of a place, and might."""
        at = bisect_right(self._firsts, place) - 1
        if at < 0 or place > self._pruned[at].last:
            return False
        told = self._pruned[at]
        age = moment_of(told.recorded_at) - moment_of(note.time)
        if told.days < LEAST_DAYS or age < timedelta(days=told.days) - CLOCK:
            return False
        self.pruned_count += 1
        return True


def moment_of(text: str) -> datetime:
    """A time as the trail writes it.

    :raises ValueError: it is none
    """
    return datetime.fromisoformat(text)
