# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is handed to an auditor: events, proofs, signed checkpoints, and the script that
verifies them without this software."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Container, Iterator
from typing import IO

from ..merkle import Nodes, consistency_proof, inclusion_proof
from .check import Leaf, Stored
from .keys import PublicKey
from .note import parse
from .store import Event, Store

FORMAT = "hc-audit-bundle/1"
SCRIPT = "hc_verify.py"
PAGE = 5_000
README = """Audit trail, events {first} to {last} ({count} leaves of the log
{origin}).

Verify it with Python 3.9 or later and the package "cryptography":

    python3 -I {script} BUNDLE.zip --key {fingerprint}

Ask the hospital for the fingerprint of the key by another way than this file. With
--export FILE the checkpoints are also compared with the file that the hospital keeps
outside of the database. Take the script from where you trust it; it is short.
"""


class NotSealedError(ValueError):
    """There is nothing sealed in the range."""


class Prover:
    """Makes proofs for the tree as it is at the last checkpoint.

    :param companies: whose events are shown; of those of others the hash only. None: of all
    """

    def __init__(self, store: Store, companies: Container[int] | None = None) -> None:
        self._store = store
        self._companies = companies
        self._nodes = Nodes(store.hashes, store.node)
        self._stored = {one.number: one for one in store.checkpoints()}
        if not self._stored:
            raise NotSealedError
        self._last = max(self._stored)

    @property
    def key(self) -> PublicKey:
        """The key of the last checkpoint."""
        return parse(self._stored[self._last].signed.note).key

    @property
    def head(self) -> Stored:
        """The last checkpoint."""
        return self._stored[self._last]

    def proof(self, event_id: int) -> dict[str, object]:
        """All that proves that one event is in the log."""
        place = self._store.places([event_id]).get(event_id)
        if place is None or place >= self.head.size:
            raise NotSealedError
        (one,) = self._store.leaves(place, place + 1)
        return {
            "format": FORMAT,
            "checkpoints": list(self.checkpoints(place, place)),
            "leaves": [self.leaf(one)],
        }

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """The first and last place of events with these ids."""
        return self._store.span(first, last, self.head.size)

    def leaf(self, one: Leaf) -> dict[str, object]:
        """One event and its path; where the content was pruned or is not for the reader, the
        hash that stayed."""
        event = one.event if one.event and self._is_shown(one.event) else {}
        known = {name: value for name, value in event.items() if value is not None}
        path = inclusion_proof(self._nodes, one.place, self.head.size)
        return {
            "place": one.place,
            "id": one.event_id,
            "hash": one.hash.hex(),
            "path": [step.hex() for step in path],
            **({"event": known} if known else {}),
        }

    def _is_shown(self, event: Event) -> bool:
        company = event["company_id"]
        return self._companies is None or company is None or int(company) in self._companies

    def leaves(self, first: int, last: int) -> Iterator[dict[str, object]]:
        """All from one place to another, both included."""
        for start in range(first, last + 1, PAGE):
            for one in self._store.leaves(start, min(start + PAGE, last + 1)):
                yield self.leaf(one)

    def checkpoints(self, first: int, last: int) -> Iterator[dict[str, object]]:
        """Those around the places, the last one, and those that vouch for keys; each with the
        proof that it goes on from the one before."""
        size = 0
        for number in self._wanted(first, last):
            stored = self._stored[number]
            path = consistency_proof(self._nodes, size, stored.size) if size else []
            yield {
                "number": number,
                "note": stored.signed.text,
                "consistency": [step.hex() for step in path],
            }
            size = stored.size

    def _wanted(self, first: int, last: int) -> list[int]:
        wanted, key, size = {self._last}, None, 0
        for number, stored in sorted(self._stored.items()):
            now = parse(stored.signed.note).key
            if now != key:
                wanted |= {number, number - 1} & self._stored.keys()
            if size <= last and stored.size > first:
                wanted.add(number)
            key, size = now, stored.size
        return sorted(wanted)


def write(prover: Prover, first: int, last: int, script: bytes, target: IO[bytes]) -> int:
    """A zip file of the events with ids from ``first`` to ``last``.

    :return: how many leaves it holds
    :raises NotSealedError: none
    """
    places = prover.span(first, last)
    if places is None:
        raise NotSealedError
    count = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        with bundle.open("leaves.ndjson", "w") as file:
            for one in prover.leaves(*places):
                file.write(_line(one))
                count += 1
        with bundle.open("checkpoints.ndjson", "w") as file:
            for one in prover.checkpoints(*places):
                file.write(_line(one))
        bundle.writestr("key.pem", prover.key.pem)
        bundle.writestr(SCRIPT, script)
        bundle.writestr(
            "README.txt",
            README.format(
                first=first,
                last=last,
                count=count,
                origin=parse(prover.head.signed.note).origin,
                script=SCRIPT,
                fingerprint=prover.key.fingerprint,
            ),
        )
    return count


def _line(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
