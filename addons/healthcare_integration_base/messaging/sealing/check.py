# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Verification of the trail against its checkpoints, and against the exported file.

Everything is read once, in the order of the tree; what is held is one batch. Where the file
is at hand it decides which event is not what it was, for whoever changes event, hash, node
and checkpoint alike leaves no trace in the database but a signature that does not verify.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..merkle import Frontier
from . import leaf
from .export import Batch
from .findings import Kind, Report
from .keys import PublicKey
from .lines import Lines
from .note import Checkpoint, NoteError, Signed, parse
from .plausible import History, Pruned


@dataclass(frozen=True, slots=True)
class Stored:
    """A checkpoint as the database has it: the note, and the columns that repeat it."""

    number: int
    size: int
    cluster: int
    closed: int
    upcoming: int
    high: int
    signed: Signed

    def repeats(self, note: Checkpoint) -> bool:
        """Whether the columns say what the note says."""
        seen = note.snapshot
        return (self.number, self.size, self.cluster, self.closed, self.upcoming, self.high) == (
            note.number,
            note.size,
            seen.cluster,
            seen.closed,
            seen.upcoming,
            seen.high,
        )


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place of the tree, the hash that is kept of it, and the event unless it was pruned."""

    place: int
    event_id: int
    hash: bytes
    event: dict[str, str | None] | None


@dataclass(frozen=True, slots=True)
class Loose:
    """An event that has no place yet."""

    event_id: int
    txid: int
    recorded_at: str


class Trail(Protocol):
    """What verification reads."""

    def checkpoints(self) -> Iterator[Stored]:
        """All, by number."""

    def leaves(self, first: int, end: int) -> Iterable[Leaf]:
        """Those from one place to another, the latter not included, by place."""

    def behind(self, size: int) -> int | None:
        """The event of the first leaf behind that many."""

    def kept(self) -> Iterator[tuple[int, int, bytes]]:
        """All kept nodes."""

    def loose(self) -> Iterator[Loose]:
        """Events without a place."""

    def pruned(self) -> Iterator[Pruned]:
        """What events of pruning say."""

    def cluster(self) -> int:
        """The PostgreSQL cluster of the database."""


class Check:
    """One verification.

    :param trusted: keys that are known to be ours; one of them has signed the last
        checkpoint, and each key vouches for the next.
    :param exported: lines of the exported file, if it is at hand.
    :param written: up to which checkpoint the file was written, as far as the database knows.
    """

    def __init__(
        self,
        trail: Trail,
        trusted: Iterable[PublicKey] = (),
        exported: Iterable[Batch | None] | None = None,
        written: int = 0,
    ) -> None:
        self._trail = trail
        self._trusted = set(trusted)
        self._lines = None if exported is None else Lines(exported)
        self._written = written
        self._history = History(trail.pruned())
        self._tree = Frontier()
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._is_lost = False
        self._last: tuple[Signed, Checkpoint] | None = None
        self._size = 0
        self.report = Report()

    def run(self) -> Report:
        """Look at everything."""
        number = 0
        for stored in self._trail.checkpoints():
            number += 1
            if stored.number != number:
                self.report.add(Kind.CHECKPOINT_MISSING, self._event_at(self._size), number)
                number = stored.number
            line = self._lines.next(stored.number) if self._lines else None
            self._checkpoint(stored, line)
        self._behind(number)
        self._file(number)
        self._look_at_nodes()
        self._loose()
        self.report.pruned = self._history.pruned_count
        return self.report

    # ---------------------------------------------------------------- checkpoints

    def _checkpoint(self, stored: Stored, line: Batch | None) -> None:
        self.report.checkpoints += 1
        try:
            note = parse(stored.signed.note)
        except NoteError:
            self.report.add(Kind.CHECKPOINT_CHANGED, self._event_at(self._size), stored.number)
            self._is_lost, self._size = True, max(self._size, stored.size)
            return
        leaves = list(self._trail.leaves(self._size, note.size))
        first = leaves[0].event_id if leaves else None
        self._signature(stored.signed, note, first)
        if not self._follows(stored, note):
            self.report.add(Kind.CHECKPOINT_CHANGED, first, note.number)
        if self._history.enter(note):
            self.report.moves.append(note.number)
        self._batch(note, leaves, line)
        if line and line.signed.note != stored.signed.note:
            self.report.add(Kind.OTHER_HISTORY, _difference(leaves, line) or first, note.number)
        self._last, self._size = (stored.signed, note), max(self._size, note.size)

    def _follows(self, stored: Stored, note: Checkpoint) -> bool:
        if not stored.repeats(note) or note.size <= self._size:
            return False
        if not self._last:
            return note.previous is None and note.number == 1
        signed, before = self._last
        return note.previous == signed.digest and note.origin == before.origin

    def _signature(self, signed: Signed, note: Checkpoint, first: int | None) -> None:
        """Each checkpoint is signed by its key; a new key also by the one before it."""
        before = self._last and self._last[1].key
        if not signed.by(note.key):
            self.report.add(Kind.CHECKPOINT_SIGNATURE, first, note.number)
        elif before and note.key != before and not signed.by(before):
            self.report.add(Kind.KEY_UNKNOWN, first, note.number)
        if note.key != before:
            self.report.keys.append(note.key.fingerprint)

    # --------------------------------------------------------------------- leaves

    def _batch(self, note: Checkpoint, leaves: list[Leaf], line: Batch | None) -> None:
        """The events of a checkpoint, their kept hashes, and the root over them."""
        self.report.leaves += len(leaves)
        before = len(self.report.findings)
        made = [self._leaf(note, one) for one in leaves]
        self._places(note, leaves, line)
        if line:
            self._compare(note, leaves, made, line)
        if self._grow(note, [one.hash for one in leaves]):
            return
        if self._grow(note, [new or one.hash for new, one in zip(made, leaves, strict=True)]):
            for one, new in zip(leaves, made, strict=True):
                if new and new != one.hash:
                    self.report.add(Kind.LEAF_CHANGED, one.event_id, note.number)
            return
        if not self._is_lost and len(self.report.findings) == before:
            first = leaves[0].event_id if leaves else None
            self.report.add(Kind.BATCH_CHANGED, first, note.number)
        self._is_lost = True

    def _grow(self, note: Checkpoint, hashes: list[bytes]) -> bool:
        """Whether the tree has the signed root with these; then it has grown by them."""
        if self._is_lost:
            return False
        tree = self._tree.clone()
        nodes = tree.extend(hashes)
        if tree.root() != note.root:
            return False
        self._tree = tree
        self._nodes.update({(level, place): root for level, place, root in nodes})
        return True

    def _leaf(self, note: Checkpoint, one: Leaf) -> bytes | None:
        """The hash that the event has now, none if its content is gone."""
        if one.event is None:
            if not self._history.is_pruned(one.place, note):
                self.report.add(Kind.EVENT_DELETED, one.event_id, note.number)
            return None
        made = leaf.hash_of(one.event)
        if made != one.hash:
            self.report.add(Kind.EVENT_CHANGED, one.event_id, note.number)
        elif not self._history.is_of(note, one.event):
            self.report.add(Kind.EVENT_INSERTED, one.event_id, note.number)
        return made

    def _places(self, note: Checkpoint, leaves: list[Leaf], line: Batch | None) -> None:
        """Places follow each other, and in a batch the ids rise."""
        wanted = range(self._size, note.size)
        for at, place in enumerate(wanted):
            if at >= len(leaves) or leaves[at].place != place:
                gone = line.ids[at] if line and at < len(line.ids) else None
                self.report.add(Kind.LEAF_MISSING, gone, note.number)
                return
        ids = [one.event_id for one in leaves]
        for found, sealed in zip(ids, sorted(ids), strict=True):
            if found != sealed:
                self.report.add(Kind.EVENT_REORDERED, sealed, note.number)
                return

    def _compare(
        self, note: Checkpoint, leaves: list[Leaf], made: list[bytes | None], line: Batch
    ) -> None:
        """The first event that is not as the file has it."""
        for one, new, event_id, kept in zip(leaves, made, line.ids, line.hashes, strict=False):
            if one.event_id != event_id:
                break
            if one.hash != kept or (new and new != kept):
                self.report.add(Kind.EVENT_CHANGED, event_id, note.number)
                return
        parted = _difference(leaves, line)
        if parted is not None:
            self.report.add(_how(parted, leaves, line), parted, note.number)

    # --------------------------------------------------------------------- around

    def _behind(self, number: int) -> None:
        """What stands behind the last checkpoint, and whose key it is signed with."""
        last = self._last and self._last[1].key
        told = any(one.kind == Kind.KEY_UNKNOWN for one in self.report.findings)
        if self._trusted and last and last not in self._trusted and not told:
            self.report.add(Kind.KEY_UNKNOWN, self._event_at(0), number)
        surplus = self._trail.behind(self._size)
        if surplus is not None:
            self.report.add(Kind.LEAF_SURPLUS, surplus, number)

    def _file(self, number: int) -> None:
        """Where the file ends, and where the database does."""
        if self._lines is None:
            return
        for line in self._lines.rest():
            if line.checkpoint.number > number:
                self.report.add(Kind.TAIL_CUT, line.ids[0], line.checkpoint.number)
                break
        for _line in self._lines.rest():
            continue
        last = self._lines.last
        self.report.exported = last
        if self._lines.is_broken:
            self.report.add(Kind.EXPORT_CHANGED, self._event_of(last + 1), last + 1)
        elif last < min(self._written, number):
            self.report.add(Kind.EXPORT_CUT, self._event_of(last + 1), last + 1)

    def _event_at(self, place: int) -> int | None:
        """The event at a place, if there is one."""
        return next((one.event_id for one in self._trail.leaves(place, place + 1)), None)

    def _event_of(self, number: int) -> int | None:
        """The first event of a checkpoint."""
        size = 0
        for stored in self._trail.checkpoints():
            if stored.number == number:
                return self._event_at(size)
            size = stored.size
        return None

    def _look_at_nodes(self) -> None:
        """Proofs are made of the kept nodes, and the tree goes on from them. Where something
        else was found they tell nothing more."""
        if self._is_lost or self.report.findings:
            return
        kept = {(level, place): root for level, place, root in self._trail.kept()}
        for level, place in kept.keys() | self._nodes.keys():
            if kept.get((level, place)) != self._nodes.get((level, place)):
                # One over leaves that no checkpoint covers is about those.
                is_over = (place + 1) << level > self._size
                first = self._size if is_over else place << level
                self.report.add(Kind.NODE_CHANGED, self._event_at(first))

    def _loose(self) -> None:
        cluster = self._trail.cluster()
        for one in self._trail.loose():
            self.report.unsealed += 1
            if not self._history.may_come(cluster, one.event_id, one.txid, one.recorded_at):
                self.report.add(Kind.EVENT_INSERTED, one.event_id)


def _difference(leaves: Sequence[Leaf], line: Batch) -> int | None:
    """The event at which the database and the file part: one that is in the database only,
    else the one that the file has there."""
    ids = [one.event_id for one in leaves]
    for at, event_id in enumerate(line.ids):
        if at >= len(ids):
            return event_id
        if ids[at] != event_id:
            return event_id if ids[at] in line.ids else ids[at]
        if leaves[at].hash != line.hashes[at]:
            return event_id
    return ids[len(line.ids)] if len(ids) > len(line.ids) else None


def _how(event_id: int, leaves: Sequence[Leaf], line: Batch) -> Kind:
    if event_id not in line.ids:
        return Kind.EVENT_INSERTED
    if event_id not in {one.event_id for one in leaves}:
        return Kind.EVENT_DELETED
    return Kind.EVENT_REORDERED
