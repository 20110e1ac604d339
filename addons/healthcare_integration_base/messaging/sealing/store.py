# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The trail as PostgreSQL holds it, over any cursor. One transaction reads one state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from .check import Leaf, Loose, Stored
from .export import Batch
from .leaf import MEMBERS, SELECT
from .note import Signed, Snapshot
from .plausible import Pruned, pruned_by

TIME = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
CHECKPOINTS = (
    "SELECT number, tree_size, cluster, closed_txid::text, next_txid::text, high_id, note,"
    " signatures FROM hc_audit.checkpoint"
)
LEAVES = (
    f"SELECT l.place, l.event_id, l.hash, {SELECT} FROM hc_audit.leaf l"  # noqa: S608  # nosec B608: constants
    " LEFT JOIN hc_audit.event e ON e.id = l.event_id"
    " WHERE l.place >= %s AND l.place < %s ORDER BY l.place"
)
LOOSE = (
    "SELECT e.id, e.txid::text, to_char(e.recorded_at AT TIME ZONE 'UTC', %s)"
    " FROM hc_audit.event e LEFT JOIN hc_audit.leaf l ON l.event_id = e.id"
    " WHERE l.place IS NULL ORDER BY e.id"
)
PRUNED = (
    "SELECT to_char(e.recorded_at AT TIME ZONE 'UTC', %s), e.details::text"
    " FROM hc_audit.event e WHERE e.action = 'trail.pruned'"
)
# xmax of a snapshot is behind the last transaction that has *ended*. None that begins after
# this one has an id below its own, which is given behind the snapshot.
SNAPSHOT = (
    "SELECT (pg_control_system()).system_identifier, pg_snapshot_xmin(s)::text,"
    " pg_current_xact_id()::text, (SELECT COALESCE(max(id), 0) FROM hc_audit.event),"
    " to_char(clock_timestamp() AT TIME ZONE 'UTC', %s) FROM pg_current_snapshot() s"
)
DUE = (
    f"SELECT {SELECT} FROM hc_audit.event e WHERE e.id > %s"  # noqa: S608  # nosec B608: constants
    " AND e.txid >= %s::text::xid8 AND e.txid < %s::text::xid8"
)
COMING = (
    f"SELECT {SELECT} FROM hc_audit.event e"  # noqa: S608  # nosec B608: constants
    " WHERE (e.txid < %s::text::xid8 OR e.txid >= %s::text::xid8) AND e.id > %s AND e.id <= %s"
    " AND NOT EXISTS (SELECT FROM hc_audit.leaf l WHERE l.event_id = e.id)"
    " ORDER BY e.id LIMIT %s"
)
LOW = (
    "SELECT COALESCE(max(high_id), 0) FROM hc_audit.checkpoint"
    " WHERE cluster = %s AND next_txid <= %s::text::xid8"
)
SEAL = (
    "SELECT hc_audit.seal(%s, %s, %s, %s::text::xid8, %s::text::xid8, %s, %s::bigint[],"
    " %s::bytea[], %s::smallint[], %s::bigint[], %s::bytea[])"
)

Event = dict[str, str | None]


class Cursor(Protocol):
    """What is used of a cursor of psycopg2 or Odoo."""

    def execute(self, query: str, params: Sequence[Any] | None = None, /) -> Any:
        """Run one statement."""

    def fetchone(self) -> Any:
        """The next row."""

    def fetchall(self) -> list[Any]:
        """The rows that are left."""


class Store:
    """Reads the trail, and adds checkpoints by the function that may."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def _all(self, query: str, *values: Any) -> list[Any]:
        self._cursor.execute(query, values)
        return self._cursor.fetchall()

    # --------------------------------------------------------------- verification

    def checkpoints(self) -> Iterator[Stored]:
        """All, by number."""
        yield from map(_stored, self._all(f"{CHECKPOINTS} ORDER BY number"))

    def leaves(self, first: int, end: int) -> list[Leaf]:
        """Those from one place to another, with their events."""
        return [
            Leaf(place, event_id, bytes(kept), _event(row) if row[MEMBERS.index("id")] else None)
            for place, event_id, kept, *row in self._all(LEAVES, first, end)
        ]

    def behind(self, size: int) -> int | None:
        """The event of the first leaf behind so many."""
        rows = self._all(
            "SELECT event_id FROM hc_audit.leaf WHERE place >= %s ORDER BY place LIMIT 1", size
        )
        return rows[0][0] if rows else None

    def kept(self) -> Iterator[tuple[int, int, bytes]]:
        """All kept nodes."""
        for level, place, kept in self._all("SELECT level, place, hash FROM hc_audit.node"):
            yield level, place, bytes(kept)

    def loose(self) -> Iterator[Loose]:
        """Events without a place."""
        for event_id, txid, moment in self._all(LOOSE, TIME):
            yield Loose(event_id, int(txid), moment)

    def pruned(self) -> Iterator[Pruned]:
        """What events of pruning say."""
        for moment, details in self._all(PRUNED, TIME):
            yield from pruned_by(moment, details)

    def cluster(self) -> int:
        """The PostgreSQL cluster of the database."""
        return int(self._all("SELECT (pg_control_system()).system_identifier")[0][0])

    # --------------------------------------------------------------------- tree

    def log_id(self) -> str:
        """Which log this is."""
        return str(self._all("SELECT id::text FROM hc_audit.log")[0][0])

    def last(self) -> Stored | None:
        """The last checkpoint."""
        rows = self._all(f"{CHECKPOINTS} ORDER BY number DESC LIMIT 1")
        return _stored(rows[0]) if rows else None

    def hashes(self, first: int, end: int) -> list[bytes]:
        """Kept hashes from one place to another."""
        rows = self._all(
            "SELECT hash FROM hc_audit.leaf WHERE place >= %s AND place < %s ORDER BY place",
            first,
            end,
        )
        return [bytes(row[0]) for row in rows]

    def node(self, level: int, place: int) -> bytes | None:
        """A kept node."""
        rows = self._all(
            "SELECT hash FROM hc_audit.node WHERE level = %s AND place = %s", level, place
        )
        return bytes(rows[0][0]) if rows else None

    def places(self, event_ids: Sequence[int]) -> dict[int, int]:
        """Where events stand in the tree, by their id."""
        rows = self._all(
            "SELECT event_id, place FROM hc_audit.leaf WHERE event_id = ANY(%s)", list(event_ids)
        )
        return dict(rows)

    def span(self, first: int, last: int, size: int) -> tuple[int, int] | None:
        """The first and last place of events with these ids, pruned ones included."""
        low, high = self._all(
            "SELECT min(place), max(place) FROM hc_audit.leaf"
            " WHERE event_id BETWEEN %s AND %s AND place < %s",
            first,
            last,
            size,
        )[0]
        return None if low is None else (low, high)

    def batches(self, above: int, limit: int) -> Iterator[Batch]:
        """Checkpoints above a number, with what they added, to be exported."""
        before = self._all("SELECT tree_size FROM hc_audit.checkpoint WHERE number = %s", above)
        size = before[0][0] if before else 0
        query = f"{CHECKPOINTS} WHERE number > %s ORDER BY number LIMIT %s"
        for stored in map(_stored, self._all(query, above, limit)):
            rows = self._all(
                "SELECT event_id, hash FROM hc_audit.leaf WHERE place >= %s AND place < %s"
                " ORDER BY place",
                size,
                stored.size,
            )
            hashes = tuple(bytes(row[1]) for row in rows)
            yield Batch(stored.signed, tuple(row[0] for row in rows), hashes)
            size = stored.size

    # ------------------------------------------------------------------- sealing

    def snapshot(self) -> tuple[Snapshot, str]:
        """What is committed, and PostgreSQL's time of it."""
        cluster, closed, own, high, moment = self._all(SNAPSHOT, TIME)[0]
        return Snapshot(int(cluster), int(closed), int(own) + 1, high), moment

    def low(self, cluster: int, closed: int) -> int:
        """No transaction from ``closed`` on has added an event with this id or a lower one."""
        return int(self._all(LOW, cluster, str(closed))[0][0])

    def due(self, low: int, closed: int, end: int, limit: int | None = None) -> list[Event]:
        """Events of transactions from one to another, by transaction; one more than
        ``limit`` where there are more."""
        most = None if limit is None else limit + 1
        rows = self._all(f"{DUE} ORDER BY e.txid, e.id LIMIT %s", low, str(closed), str(end), most)
        return [_event(row) for row in rows]

    def coming(self, seen: Snapshot, after: int, limit: int) -> list[Event]:
        """What has no place, by id, behind an id."""
        rows = self._all(COMING, str(seen.closed), str(seen.upcoming), after, seen.high, limit)
        return [_event(row) for row in rows]

    def seal(
        self,
        signed: Signed,
        snapshot: Snapshot,
        ids: Sequence[int],
        hashes: Sequence[bytes],
        nodes: Sequence[tuple[int, int, bytes]],
    ) -> int:
        """Add a checkpoint.

        :return: its number
        """
        row = self._all(
            SEAL,
            signed.note,
            signed.signatures,
            snapshot.cluster,
            str(snapshot.closed),
            str(snapshot.upcoming),
            snapshot.high,
            list(ids),
            list(hashes),
            *([node[part] for node in nodes] for part in range(3)),
        )[0]
        return int(row[0])


def _stored(row: Sequence[Any]) -> Stored:
    number, size, cluster, closed, upcoming, high, note, signatures = row
    signed = Signed(note, signatures)
    return Stored(number, size, cluster, int(closed), int(upcoming), high, signed)


def _event(row: Sequence[Any]) -> Event:
    return dict(zip(MEMBERS, row, strict=True))
