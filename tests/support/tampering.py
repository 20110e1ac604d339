"""Ways to tamper with an audit log, by somebody who may do everything but sign.

Each takes the log, the superuser's cursor and a source of chance, and returns the id of the
first event that is not what it was. What it does to the exported file it does to a copy.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from messaging import merkle
from messaging.sealing import leaf, note
from messaging.sealing.check import Leaf
from messaging.sealing.export import Batch, ExportFile, line_of
from messaging.sealing.sealer import Sealer
from messaging.sealing.store import Store

from . import audit_log
from .audit_log import STRANGE_KEY, Log

CHANGES = (
    ("action", "'other'"),
    ("outcome", "CASE WHEN outcome = 'done' THEN 'refused' ELSE 'done' END"),
    ("user_id", "user_id + 1"),
    ("company_id", "COALESCE(company_id, 0) + 1"),
    ("object", "object || 'x'"),
    ("correlation", "NULL"),
    ("digest", "reverse(digest) || '0'"),
    ("reason", "NULL"),
    ("contract", "''"),
    ("recorded_at", "recorded_at - interval '1 microsecond'"),
    ("txid", "(txid::text::bigint - 1)::text::xid8"),
    ("details", "details || '{\"n\": 10}'"),
)
COLUMNS = (
    "recorded_at, txid, action, outcome, user_id, system_id, company_id, object, code,"
    " correlation, digest, details, reason, contract, before_digest, after_digest"
)


class Tamperer:
    """Somebody with a superuser's rights in the database, and the file before them.

    :param copy: where a changed file is put; ``file`` is the one to verify with then
    """

    def __init__(self, log: Log, cursor: Any, drawn: random.Random, copy: Path) -> None:
        self.log, self.cursor, self.drawn = log, cursor, drawn
        self.batches = log.batches()
        self.written = len(self.batches)
        self.file = log.file
        self._copy = copy

    # -------------------------------------------------------------------- helpers

    def run(self, query: str, *values: Any) -> None:
        self.cursor.execute(query, values)

    def one(self, query: str, *values: Any) -> Any:
        self.cursor.execute(query, values)
        return self.cursor.fetchone()[0]

    def event(self) -> int:
        """Any sealed event."""
        return self.drawn.choice([one for batch in self.batches for one in batch.ids])

    def pair(self) -> tuple[int, int]:
        """Two events of one checkpoint, which are not alike."""
        batch = self.drawn.choice(self.batches)
        one, other = sorted(self.drawn.sample(batch.ids, 2))
        return one, other

    def place(self, event_id: int) -> int:
        return int(self.one("SELECT place FROM hc_audit.leaf WHERE event_id = %s", event_id))

    def number(self) -> int:
        """Any checkpoint."""
        return self.drawn.randint(1, len(self.batches))

    def first_of(self, number: int) -> int:
        return self.batches[number - 1].ids[0]

    def gap(self) -> int:
        """An id that no event has, below sealed ones."""
        known = {one for batch in self.batches for one in batch.ids}
        return self.drawn.choice([one for one in range(1, max(known)) if one not in known])

    def forge(self, event_id: int, like: int, **values: str) -> None:
        """Put in an event that looks like another one."""
        told = [values.get(name, name) for name in COLUMNS.replace(" ", "").split(",")]
        self.run(
            f"INSERT INTO hc_audit.event (id, {COLUMNS}) OVERRIDING SYSTEM VALUE"
            f" SELECT %s, {', '.join(told)} FROM hc_audit.event WHERE id = %s",
            event_id,
            like,
        )

    def rebuild(self, leaves: list[tuple[int, bytes]]) -> None:
        """Put other leaves in the place of all, with the nodes that they make."""
        self.run("DELETE FROM hc_audit.leaf")
        for place, (event_id, kept) in enumerate(leaves):
            self.run("INSERT INTO hc_audit.leaf VALUES (%s, %s, %s)", place, event_id, kept)
        self.run("DELETE FROM hc_audit.node")
        for node in merkle.Frontier().extend(kept for _event, kept in leaves):
            self.run("INSERT INTO hc_audit.node VALUES (%s, %s, %s)", *node)

    def leaves(self) -> list[Leaf]:
        size = self.one("SELECT max(tree_size) FROM hc_audit.checkpoint")
        return Store(self.cursor).leaves(0, size)

    def rehash(self, *ids: int) -> None:
        """Make the kept hashes those of the events as they are now."""
        for one in self.leaves():
            if one.event_id in ids and one.event:
                made = leaf.hash_of(one.event)
                self.run(
                    "UPDATE hc_audit.leaf SET hash = %s WHERE event_id = %s", made, one.event_id
                )

    def put(self, lines: list[bytes]) -> None:
        """Another file."""
        self._copy.write_bytes(b"".join(lines))
        self.file = ExportFile(self._copy)

    def lines(self) -> list[bytes]:
        return self.log.file.path.read_bytes().splitlines(keepends=True)

    # --------------------------------------------------------------------- change

    def change(self) -> int:
        event_id = self.event()
        column, value = self.drawn.choice(CHANGES)
        before = self.one(f"SELECT {column}::text FROM hc_audit.event WHERE id = %s", event_id)
        self.run(f"UPDATE hc_audit.event SET {column} = {value} WHERE id = %s", event_id)
        after = self.one(f"SELECT {column}::text FROM hc_audit.event WHERE id = %s", event_id)
        return event_id if before != after else self.change()

    def change_with_its_hash(self) -> int:
        event_id = self.change()
        self.rehash(event_id)
        return event_id

    def change_hash(self) -> int:
        event_id = self.event()
        other = self.drawn.randbytes(32)
        self.run("UPDATE hc_audit.leaf SET hash = %s WHERE event_id = %s", other, event_id)
        return event_id

    # --------------------------------------------------------------------- delete

    def delete(self) -> int:
        event_id = self.event()
        self.run("DELETE FROM hc_audit.event WHERE id = %s", event_id)
        return event_id

    def delete_many(self) -> int:
        first, last = self.pair()
        self.run("DELETE FROM hc_audit.event WHERE id BETWEEN %s AND %s", first, last)
        return first

    def delete_with_its_hash(self) -> int:
        event_id = self.event()
        self.run("DELETE FROM hc_audit.event WHERE id = %s", event_id)
        self.run("DELETE FROM hc_audit.leaf WHERE event_id = %s", event_id)
        return event_id

    def delete_and_close_the_gap(self) -> int:
        event_id = self.delete()
        kept = [(one.event_id, one.hash) for one in self.leaves() if one.event_id != event_id]
        self.rebuild(kept)
        return event_id

    def delete_and_call_it_pruned(self) -> int:
        """An event of pruning is forged, but what was sealed is younger than a year."""
        event_id = self.delete()
        place = self.place(event_id)
        self.run(
            "INSERT INTO hc_audit.event (action, details) VALUES ('trail.pruned',"
            " jsonb_build_object('days', 2190, 'count', 1, 'places',"
            " jsonb_build_array(jsonb_build_array(%s::bigint, %s::bigint))))",
            place,
            place,
        )
        return event_id

    # --------------------------------------------------------------------- insert

    def insert(self) -> int:
        gap = self.gap()
        self.forge(gap, self.event())
        return gap

    def insert_at_the_end(self) -> int:
        """With a new id, but the transaction and the time of an old event."""
        event_id = self.one("SELECT max(id) + 5 FROM hc_audit.event")
        self.forge(event_id, self.event())
        return int(event_id)

    def insert_with_a_new_transaction(self) -> int:
        """An old id and an old time, and a transaction that is really new."""
        gap = self.gap()
        self.forge(gap, self.event(), txid="pg_current_xact_id()")
        return gap

    def insert_dated_back(self) -> int:
        event_id = self.one("SELECT max(id) + 5 FROM hc_audit.event")
        older = "recorded_at - interval '1 hour'"
        self.forge(event_id, self.event(), txid="pg_current_xact_id()", recorded_at=older)
        return int(event_id)

    def insert_into_the_tree(self) -> int:
        gap = self.gap()
        later = min(one for batch in self.batches for one in batch.ids if one > gap)
        self.forge(gap, later)
        leaves = self.leaves()
        told = [(one.event_id, one.hash) for one in leaves]
        at = [one.event_id for one in leaves].index(later)
        like = next(one.event for one in leaves if one.event_id == later)
        told.insert(at, (gap, leaf.hash_of({**(like or {}), "id": str(gap)})))
        self.rebuild(told)
        return gap

    # -------------------------------------------------------------------- reorder

    def swap_contents(self) -> int:
        one, other = self.pair()
        self.run("UPDATE hc_audit.event SET action = 'one', code = %s WHERE id = %s", "1", one)
        for column in COLUMNS.split(", "):
            self.run(
                f"UPDATE hc_audit.event a SET {column} = b.{column} FROM hc_audit.event b"
                " WHERE (a.id = %s AND b.id = %s) OR (a.id = %s AND b.id = %s)",
                *(one, other, other, one),
            )
        return one

    def swap_places(self) -> int:
        one, other = self.pair()
        places = self.place(one), self.place(other)
        self.run("UPDATE hc_audit.leaf SET place = -1 WHERE event_id = %s", one)
        self.run("UPDATE hc_audit.leaf SET place = %s WHERE event_id = %s", places[0], other)
        self.run("UPDATE hc_audit.leaf SET place = %s WHERE event_id = %s", places[1], one)
        return one

    def swap_all(self) -> int:
        """Contents and hashes."""
        one = self.swap_contents()
        self.rehash(*(event_id for batch in self.batches for event_id in batch.ids))
        return one

    # ----------------------------------------------------------- the end, an old copy

    def cut_tail(self) -> int:
        number = self.drawn.randint(1, len(self.batches) - 1)
        self._cut(number)
        return self.first_of(number + 1)

    def cut_last_events(self) -> int:
        first = self.drawn.choice(self.batches[-1].ids)
        self.run("DELETE FROM hc_audit.event WHERE id >= %s", first)
        return first

    def cut_checkpoints(self) -> int:
        """Events and hashes stay."""
        number = self.drawn.randint(1, len(self.batches) - 1)
        self.run("DELETE FROM hc_audit.checkpoint WHERE number > %s", number)
        return self.first_of(number + 1)

    def restore_old_copy(self) -> int:
        number = self.drawn.randint(1, len(self.batches) - 1)
        self._cut(number)
        return self.first_of(number + 1)

    def restore_old_copy_and_go_on(self) -> int:
        """The key is the right one: it is in the copy's surroundings."""
        number = self.drawn.randint(1, len(self.batches) - 1)
        self._cut(number)
        first = self.first_of(number + 1)
        # A sequence is not rolled back: it goes on afterwards where it was.
        spent = self.one("SELECT last_value FROM hc_audit.event_id_seq")
        self.run("SELECT setval('hc_audit.event_id_seq', %s, false)", first)
        count = len(self.batches[number].ids)
        events = audit_log.made_up(self.drawn, count)
        self.run(audit_log.APPEND, json.dumps(events))
        self.run("SELECT setval('hc_audit.event_id_seq', %s)", spent)
        self._seal_open()
        return first

    def _cut(self, number: int) -> None:
        size = self.batches[number - 1].checkpoint.size
        last = self.batches[number - 1].ids[-1]
        self.run("DELETE FROM hc_audit.checkpoint WHERE number > %s", number)
        self.run("DELETE FROM hc_audit.leaf WHERE place >= %s", size)
        self.run("DELETE FROM hc_audit.event WHERE id > %s", last)
        self.run("DELETE FROM hc_audit.node WHERE (place + 1) << (level::integer) > %s", size)

    def _seal_open(self) -> None:
        """Seal what the open transaction has added, as if it had ended."""
        store = _OwnTransaction(self.cursor)
        assert Sealer(store, self.log.key).seal()

    # ---------------------------------------------------------------- checkpoints

    def change_note(self) -> int:
        number = self.number()
        line = self.drawn.choice(["time 2", "previous ", "high "])
        changed = {"time 2": "time 3", "previous ": "previous A", "high ": "high 1"}[line]
        self.run(
            "UPDATE hc_audit.checkpoint SET note = replace(note, %s, %s) WHERE number = %s",
            *(f"\n{line}", f"\n{changed}", number),
        )
        return self.first_of(number)

    def change_columns(self) -> int:
        number = self.number()
        column = self.drawn.choice(["high_id", "cluster"])
        self.run(
            f"UPDATE hc_audit.checkpoint SET {column} = {column} + 1 WHERE number = %s", number
        )
        return self.first_of(number)

    def change_signature(self) -> int:
        number = self.number()
        self.run(
            "UPDATE hc_audit.checkpoint SET signatures = translate(signatures, 'ABCDEFGHab',"
            " 'BCDEFGHAba') WHERE number = %s",
            number,
        )
        return self.first_of(number)

    def swap_signatures(self) -> int:
        one, other = sorted(self.drawn.sample(range(1, len(self.batches) + 1), 2))
        self.run(
            "UPDATE hc_audit.checkpoint a SET signatures = b.signatures FROM hc_audit.checkpoint b"
            " WHERE (a.number = %s AND b.number = %s) OR (a.number = %s AND b.number = %s)",
            *(one, other, other, one),
        )
        return self.first_of(one)

    def delete_checkpoint(self) -> int:
        number = self.drawn.randint(1, len(self.batches) - 1)
        self.run("DELETE FROM hc_audit.checkpoint WHERE number = %s", number)
        return self.first_of(number)

    def sign_with_another_key(self) -> int:
        """An event is changed, and everything from there on is made anew with a stolen pen."""
        event_id = self.change_with_its_hash()
        number = next(n for n, one in enumerate(self.batches, 1) if event_id in one.ids)
        tree, previous = merkle.Frontier(), None
        for stored in list(Store(self.cursor).checkpoints()):
            head = note.parse(stored.signed.note)
            tree.extend(Store(self.cursor).hashes(tree.size, head.size))
            signed = stored.signed
            if stored.number >= number:
                head = note.Checkpoint(
                    *(head.origin, head.size, tree.root(), head.number, head.time, previous),
                    *(head.snapshot, STRANGE_KEY.public),
                )
                signed = note.sign(head, [STRANGE_KEY])
                self.run(
                    "UPDATE hc_audit.checkpoint SET note = %s, signatures = %s WHERE number = %s",
                    *(signed.note, signed.signatures, stored.number),
                )
            previous = signed.digest
        return self.first_of(number)

    def change_node(self) -> int:
        self.run("UPDATE hc_audit.node SET hash = %s WHERE level = 8 AND place = 0", b"x" * 32)
        return self.first_of(1)

    # ----------------------------------------------------------------------- file

    def file_change_leaf(self) -> int:
        number = self.number()
        lines = self.lines()
        batch = self.batches[number - 1]
        at = self.drawn.randrange(len(batch.hashes))
        hashes = (*batch.hashes[:at], self.drawn.randbytes(32), *batch.hashes[at + 1 :])
        lines[number - 1] = line_of(Batch(batch.signed, batch.ids, hashes))
        self.put(lines)
        return self.first_of(number)

    def file_change_byte(self) -> int:
        number = self.number()
        lines = self.lines()
        line = bytearray(lines[number - 1])
        at = line.index(b"number ", 20) + 60
        line[at] = line[at] ^ 1
        lines[number - 1] = bytes(line)
        self.put(lines)
        return self.first_of(number)

    def file_drop_line(self) -> int:
        number = self.drawn.randint(1, len(self.batches) - 1)
        lines = self.lines()
        del lines[number - 1]
        self.put(lines)
        return self.first_of(number)

    def file_swap_lines(self) -> int:
        one, other = sorted(self.drawn.sample(range(len(self.batches)), 2))
        lines = self.lines()
        lines[one], lines[other] = lines[other], lines[one]
        self.put(lines)
        return self.first_of(one + 1)

    def file_cut(self) -> int:
        number = self.drawn.randint(1, len(self.batches) - 1)
        self.put(self.lines()[:number])
        return self.first_of(number + 1)


class _OwnTransaction(Store):
    """Sees the transaction that it is in as one that has ended."""

    def snapshot(self) -> tuple[note.Snapshot, str]:
        seen, moment = super().snapshot()
        (row,) = self._all("SELECT pg_current_xact_id()::text")
        end = int(row[0]) + 1
        return note.Snapshot(seen.cluster, end, end, seen.high), moment

    def seal(self, signed: Any, snapshot: Any, ids: Any, hashes: Any, nodes: Any) -> int:
        """The function would refuse it, a superuser writes into the tables."""
        size = note.parse(signed.note).size - len(ids)
        for place, (event_id, kept) in enumerate(zip(ids, hashes, strict=True), size):
            self._cursor.execute(
                "INSERT INTO hc_audit.leaf VALUES (%s, %s, %s)", (place, event_id, kept)
            )
        for node in nodes:
            self._cursor.execute("INSERT INTO hc_audit.node VALUES (%s, %s, %s)", node)
        head = note.parse(signed.note)
        self._cursor.execute(
            "INSERT INTO hc_audit.checkpoint VALUES (%s, %s, %s, %s::text::xid8, %s::text::xid8,"
            " %s, %s, %s)",
            (
                *(head.number, head.size, snapshot.cluster, str(snapshot.closed)),
                *(str(snapshot.upcoming), snapshot.high, signed.note, signed.signatures),
            ),
        )
        return head.number


WAYS: tuple[Callable[[Tamperer], int], ...] = tuple(
    getattr(Tamperer, name)
    for name in (
        *("change", "change_with_its_hash", "change_hash", "delete", "delete_many"),
        *("delete_with_its_hash", "delete_and_close_the_gap", "delete_and_call_it_pruned"),
        *("insert", "insert_at_the_end", "insert_with_a_new_transaction", "insert_dated_back"),
        *("insert_into_the_tree", "swap_contents", "swap_places", "swap_all", "cut_tail"),
        *("cut_last_events", "cut_checkpoints", "restore_old_copy", "restore_old_copy_and_go_on"),
        *("change_note", "change_columns", "change_signature", "swap_signatures"),
        *("delete_checkpoint", "sign_with_another_key", "change_node", "file_change_leaf"),
        *("file_change_byte", "file_drop_line", "file_swap_lines", "file_cut"),
    )
)
