# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Sealing what has come since the last checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..merkle import Frontier, Nodes, frontier
from . import leaf
from .check import Stored
from .keys import PublicKey, SigningKey
from .note import ORIGIN, Checkpoint, Snapshot, parse, sign
from .store import Event, Store

BATCH = 10_000
"""So many events of one checkpoint; one transaction's are never parted."""


class TreeDamagedError(Exception):
    """What is kept of the tree does not make the root that was signed: nothing is added to
    it before somebody has verified the trail."""


class Sealer:
    """Adds checkpoints to one log.

    :param key: signs; where it is another one than that of the last checkpoint, and the
        latter is among the ``former`` ones, it signs too, and so vouches for the new key
    """

    def __init__(self, store: Store, key: SigningKey, former: Sequence[SigningKey] = ()) -> None:
        self._store = store
        self._key = key
        self._former = {one.public: one for one in former}

    def seal(self, limit: int = BATCH) -> Checkpoint | None:
        """One checkpoint over events whose transactions have all ended.

        :return: none if there is nothing to seal
        :raises TreeDamagedError: see there
        """
        last = self._store.last()
        snapshot, moment = self._store.snapshot()
        if last is None or last.cluster != snapshot.cluster:
            found = self._coming(snapshot)
        else:
            found, snapshot = self._due(last, snapshot, limit)
        if not found:
            return None
        ids, hashes = zip(*sorted(found), strict=True)
        tree = self._tree(last)
        nodes = tree.extend(hashes)
        checkpoint = self._head(last, tree, moment, snapshot)
        signed = sign(checkpoint, self._keys(last))
        self._store.seal(signed, snapshot, ids, hashes, nodes)
        return checkpoint

    def _coming(self, seen: Snapshot) -> list[tuple[int, bytes]]:
        """Transaction ids mean nothing in another cluster: there the first checkpoint takes
        whatever has no place. Page by page, as that may be all that there is."""
        found: list[tuple[int, bytes]] = []
        while page := self._store.coming(seen, found[-1][0] if found else 0, BATCH):
            found += _hashed(page)
        return found

    def _due(
        self, last: Stored, seen: Snapshot, limit: int
    ) -> tuple[list[tuple[int, bytes]], Snapshot]:
        """What transactions have added that have ended since, and up to which that goes."""
        low = self._store.low(seen.cluster, last.closed)
        events = self._store.due(low, last.closed, seen.closed, limit)
        if len(events) > limit:
            end = int(events[-1]["txid"] or 0)
            kept = [event for event in events if event["txid"] != events[-1]["txid"]]
            if not kept:
                end += 1
                kept = self._store.due(low, last.closed, end)
            events, seen = kept, replace(seen, closed=end)
        return _hashed(events), seen

    def _tree(self, last: Stored | None) -> Frontier:
        if last is None:
            return Frontier()
        try:
            tree = frontier(Nodes(self._store.hashes, self._store.node), last.size)
        except ValueError:
            raise TreeDamagedError from None
        if tree.root() != parse(last.signed.note).root:
            raise TreeDamagedError
        return tree

    def _head(
        self, last: Stored | None, tree: Frontier, moment: str, snapshot: Snapshot
    ) -> Checkpoint:
        return Checkpoint(
            origin=ORIGIN + self._store.log_id(),
            size=tree.size,
            root=tree.root(),
            number=last.number + 1 if last else 1,
            time=moment,
            previous=last.signed.digest if last else None,
            snapshot=snapshot,
            key=self._key.public,
        )

    def _keys(self, last: Stored | None) -> list[SigningKey]:
        before: PublicKey | None = parse(last.signed.note).key if last else None
        if before is None or before == self._key.public:
            return [self._key]
        vouching = self._former.get(before)
        return [self._key, vouching] if vouching else [self._key]


def _hashed(events: Sequence[Event]) -> list[tuple[int, bytes]]:
    return [(int(event["id"] or 0), leaf.hash_of(event)) for event in events]
