# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A checkpoint as text: the signed note of transparency logs (C2SP signed-note and
tlog-checkpoint), so that other people's tools read it too.

The first three lines are the log's name, the number of leaves and the root. Further lines,
in this order, bind what came before and tell where the trail stood::

    healthcare-integration/audit/7c1e…
    1024
    9bSEZ…=
    number 7
    time 2026-11-24T16:05:00.123456Z
    previous 0WqX…=            SHA-256 of the text of the checkpoint before; - for the first
    snapshot 71… 5012 5020     PostgreSQL cluster; transactions below are all in; the next one
    high 2048                  the highest id of an event that was visible
    key 11qYAY…=               the public key that signs

    — healthcare-integration/audit/7c1e… base64(key id, signature)
"""

from __future__ import annotations

import base64
import hashlib
import re
from binascii import Error as BinasciiError
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .keys import PublicKey, SigningKey

ORIGIN = "healthcare-integration/audit/"
FIRST = "-"
_NOTE = re.compile(
    r"(?P<origin>[^\s+]+)\n(?P<size>\d{1,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"number (?P<number>\d{1,9})\ntime (?P<time>[-0-9T:.]{26}Z)\n"
    r"previous (?P<previous>-|[A-Za-z0-9+/]{43}=)\n"
    r"snapshot (?P<cluster>-?\d{1,20}) (?P<closed>\d{1,20}) (?P<upcoming>\d{1,20})\n"
    r"high (?P<high>\d{1,19})\nkey (?P<key>[A-Za-z0-9+/]{43}=)\n",
    re.ASCII,
)
_SIGNATURE = re.compile(r"— (?P<name>\S+) (?P<value>[A-Za-z0-9+/]+=*)", re.ASCII)


class NoteError(ValueError):
    """The text is no checkpoint."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What PostgreSQL had committed when events were read.

    :param cluster: the system identifier of the PostgreSQL cluster
    :param closed: all transactions below have ended, so none of them adds anything more
    :param upcoming: transactions from here on had not begun
    :param high: the highest id of an event that was visible
    """

    cluster: int
    closed: int
    upcoming: int
    high: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the tree at a time."""

    origin: str
    size: int
    root: bytes
    number: int
    time: str
    previous: bytes | None
    snapshot: Snapshot
    key: PublicKey

    @property
    def note(self) -> str:
        """The text that is signed."""
        seen = self.snapshot
        previous = FIRST if self.previous is None else _encode(self.previous)
        return (
            f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"
            f"number {self.number}\ntime {self.time}\nprevious {previous}\n"
            f"snapshot {seen.cluster} {seen.closed} {seen.upcoming}\n"
            f"high {seen.high}\nkey {_encode(self.key.raw)}\n"
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """A note and its signature lines."""

    note: str
    signatures: str

    @property
    def digest(self) -> bytes:
        """What the next checkpoint binds."""
        return hashlib.sha256(self.note.encode()).digest()

    @property
    def text(self) -> str:
        """The signed note."""
        return f"{self.note}\n{self.signatures}"

    def by(self, key: PublicKey) -> bool:
        """Whether one of the signatures is of this key."""
        wanted = _key_id(self.note.partition("\n")[0], key)
        data = self.note.encode()
        return any(blob[:4] == wanted and key.verifies(blob[4:], data) for blob in self._blobs())

    def _blobs(self) -> list[bytes]:
        found = []
        for line in self.signatures.splitlines()[:16]:
            match = _SIGNATURE.fullmatch(line)
            try:
                if match:
                    found.append(base64.b64decode(match["value"], validate=True))
            except BinasciiError:
                continue
        return found


def sign(checkpoint: Checkpoint, keys: Sequence[SigningKey]) -> Signed:
    """Signed by the key that it names, and by the former one where the key has changed."""
    note = checkpoint.note
    lines = [
        f"— {checkpoint.origin} "
        + _encode(_key_id(checkpoint.origin, key.public) + key.sign(note.encode()))
        + "\n"
        for key in keys
    ]
    return Signed(note, "".join(lines))


def parse(note: str) -> Checkpoint:
    """Read a note; the form is strict, so that one text has one meaning.

    :raises NoteError: it is none
    """
    match = _NOTE.fullmatch(note)
    if not match:
        raise NoteError("this is no checkpoint of an audit trail")
    found = Checkpoint(
        origin=match["origin"],
        size=int(match["size"]),
        root=_decode(match["root"]),
        number=int(match["number"]),
        time=match["time"],
        previous=None if match["previous"] == FIRST else _decode(match["previous"]),
        snapshot=Snapshot(
            *(int(match[name]) for name in ("cluster", "closed", "upcoming", "high"))
        ),
        key=PublicKey(_decode(match["key"])),
    )
    if found.note != note or not _is_time(found.time):
        raise NoteError("this is no checkpoint as it is written")
    return found


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def split(text: str) -> Signed:
    """A signed note from its text."""
    note, blank, signatures = text.partition("\n\n")
    if not blank:
        raise NoteError("this checkpoint has no signature")
    return Signed(note + "\n", signatures)


def _key_id(name: str, key: PublicKey) -> bytes:
    """C2SP signed-note: SHA-256(name, newline, algorithm 1, key), four bytes of it."""
    return hashlib.sha256(f"{name}\n\x01".encode() + key.raw).digest()[:4]


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
