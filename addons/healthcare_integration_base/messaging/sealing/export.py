# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Checkpoints in a file outside the database: one line of JSON each, only ever added to.

A line holds the signed note, and ids and hashes of the events that it added. So the file
alone tells whether the database lost its end or is an old copy, and which event is not what
it was even where somebody has put a consistent other trail in its place.
"""

from __future__ import annotations

import base64
import json
import os
from binascii import Error as BinasciiError
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .note import Checkpoint, NoteError, Signed, parse, split

_CHUNK = 1 << 20
_HASH = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """A checkpoint and what it added to the tree."""

    signed: Signed
    ids: tuple[int, ...]
    hashes: tuple[bytes, ...]

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says."""
        return parse(self.signed.note)


def line_of(batch: Batch) -> bytes:
    """A batch as it is written."""
    document = {
        "number": batch.checkpoint.number,
        "note": batch.signed.text,
        "events": list(batch.ids),
        "leaves": base64.b64encode(b"".join(batch.hashes)).decode(),
    }
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def batch_of(line: bytes) -> Batch | None:
    """A batch as it was written, or none where the line is no such thing."""
    try:
        document = json.loads(line)
        raw = base64.b64decode(document["leaves"], validate=True)
        hashes = tuple(raw[at : at + _HASH] for at in range(0, len(raw), _HASH))
        batch = Batch(split(document["note"]), tuple(map(int, document["events"])), hashes)
        same = batch.checkpoint.number == document["number"]
    except (ValueError, KeyError, TypeError, AttributeError, BinasciiError, NoteError):
        return None
    whole = len(raw) == _HASH * len(batch.ids)
    return batch if same and whole else None


class ExportFile:
    """The file of one log. Nothing in it is ever changed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def batches(self) -> Iterator[Batch | None]:
        """Line by line, none for what cannot be read. What a crash has left of a line is
        passed over where the line follows once more, whole."""
        broken, last = False, None
        try:
            with self.path.open("rb") as file:
                for line in file:
                    batch = batch_of(line) if line.endswith(b"\n") else None
                    if batch is None:
                        if broken:
                            yield None
                        broken = True
                        continue
                    if batch != last:
                        yield batch
                    broken, last = False, batch
        except FileNotFoundError:
            return
        if broken:
            yield None

    def last_batch(self) -> Batch | None:
        """The last whole line."""
        found = (batch_of(line) for line in _lines_backwards(self.path))
        return next((batch for batch in found if batch), None)

    def append(self, batches: Iterable[Batch]) -> int:
        """Add lines, and have them on disk on return.

        :return: the number of the last one added, 0 if none was
        :raises OSError: it cannot be written
        """
        last = 0
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with os.fdopen(os.open(self.path, flags, 0o640), "ab") as file:
            if _is_torn(self.path):
                file.write(b"\n")
            for batch in batches:
                file.write(line_of(batch))
                last = batch.checkpoint.number
            file.flush()
            os.fsync(file.fileno())
        return last


def _is_torn(path: Path) -> bool:
    """Whether the last write has ended in the middle of a line."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """Whole lines of a file, the last one first."""
    try:
        with path.open("rb") as file:
            at, rest, is_end = file.seek(0, os.SEEK_END), b"", True
            while at:
                size = min(_CHUNK, at)
                at -= size
                file.seek(at)
                first, *lines = (file.read(size) + rest).split(b"\n")
                # What stands behind the last newline is no whole line.
                whole = lines[:-1] if is_end else lines
                if lines:
                    is_end = False
                yield from reversed(whole)
                rest = first
            if not is_end:
                yield rest
    except FileNotFoundError:
        return
