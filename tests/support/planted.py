"""Sixty values of six persons who do not exist, in every form in which one could be left."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from urllib.parse import quote, quote_plus

from . import canaries
from .hospital import Hospital

SHORT = 10
"""A value that is no longer than this stands alone: within a digest it is chance."""


@dataclass(frozen=True)
class Person:
    """What senders say about one person; ten values of it are looked for."""

    family: str
    given: str
    mrn: str
    born: str
    street: str
    city: str
    phone: str
    insurance: str
    note: str
    diagnosis: str

    @property
    def values(self) -> Iterator[str]:
        """All of them."""
        return (getattr(self, one.name) for one in fields(self))

    @property
    def birth_hl7(self) -> str:
        """The date of birth as HL7 writes it."""
        return self.born.replace("-", "")


NAMES = (
    ("Quorvathsen", "Ysoldine", "Zwiebelgasse", "Oberquilldorf"),
    ("Zylbermondt", "Parcevaline", "Knirpsallee", "Fnurkenheim"),
    ("Brüxenfeldt", "Théodrique", "Gürkchensteig", "Plömmelstadt"),
    ("Vantrossken", "Mirabellinde", "Wuselpfad", "Krambolshausen"),
    ("Ixthurmbach", "Gandolfrich", "Trällerweg", "Schnorrenzell"),
    ("Drumpelwiek", "Octavriane", "Bimmelplatz", "Quastenbrunn"),
)
PEOPLE = tuple(
    Person(
        family=family,
        given=given,
        mrn=f"CNRY-77{number}31-{number}X",
        born=f"190{number}-0{number + 2}-1{number}",
        street=f"{street} 7{number}9b",
        city=city,
        phone=f"+4970075510{number}42",
        insurance=f"KVNR{number}8841Q07{number}",
        note=f"prefers the window bed {given.lower()} sang there",
        diagnosis=f"Morbus {family}-Klotz grade {number}",
    )
    for number, (family, given, street, city) in enumerate(NAMES)
)
VALUES = tuple(value for person in PEOPLE for value in person.values)


def forms(value: str) -> set[str]:
    """A value as it is, escaped, encoded and as a digest without a key."""
    raw = value.encode()
    found = {value, value.upper(), json.dumps(value)[1:-1], quote(value), raw.hex()}
    found.add(quote_plus(value))
    found |= {value.replace("-", ""), value.replace("+", "")} if len(value) > 9 else set()
    if value.startswith("190"):
        found |= {value.replace("-", "."), ".".join(reversed(value.split("-")))}
    for word in {value, value.casefold(), value.upper()}:
        for kind in (hashlib.sha256, hashlib.sha1, hashlib.md5):
            digest = kind(word.encode()).digest()
            found |= {digest.hex(), base64.b64encode(digest).decode().rstrip("=")}
    return found | set(_in_base64(raw)) | {base64.b32encode(raw).decode().rstrip("=")[:-1]}


def _in_base64(raw: bytes) -> Iterator[str]:
    """What of it is seen wherever it stands in something longer."""
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw).decode()
        start, end = -(-offset * 8 // 6), (offset + len(raw)) * 8 // 6
        yield text[start:end]


class Scanner:
    """Looks for all forms of all values in everything that a hospital keeps."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self.folder = hospital.machine.folder
        self.file = self.folder / "canaries.txt"

    @cached_property
    def needles(self) -> list[str]:
        """The forms, without those that are too short to be told from chance."""
        found = {form for value in VALUES for form in forms(value)}
        self.file.write_text("\n".join(sorted(found)) + "\n")
        return sorted(found)

    def hits(self, answers: Iterable[str] = ()) -> list[str]:
        """Where something is, and what."""
        assert len(VALUES) == len(set(VALUES)) == 60
        assert self.needles
        found = [f"answer: {one}" for text in answers for one in self._in_text(text)]
        for place, text in canaries.logs(self.hospital):
            found += [f"{place}: {one}" for one in self._in_text(text)]
        return found + list(self._in_files()) + list(self._in_database())

    def _in_text(self, text: str) -> list[str]:
        return self._grep(text.encode())

    def _in_files(self) -> Iterator[str]:
        """Attachments, sessions, and what else Odoo puts into its folder of data."""
        for path in (self.folder / "data").rglob("*"):
            if path.is_file():
                yield from (f"{path.name}: {one}" for one in self._grep(path.read_bytes()))

    def _in_database(self) -> Iterator[str]:
        """Every column of every table in every schema; what is binary is hexadecimal here."""
        machine = self.hospital.machine
        dump = subprocess.run(
            ["pg_dump", "--no-owner", "-d", machine.database],
            env=machine.server.env(superuser=True),
            capture_output=True,
            check=True,
        ).stdout
        dump = dump.replace(rb"\\", b"\\")  # COPY doubles what escapes
        lines = dump.split(b"\n")
        for number, needle in self._grep_lines(dump):
            yield f"{_column(lines, number - 1, needle)}: {needle}"

    def _grep(self, raw: bytes) -> list[str]:
        return [needle for _number, needle in self._grep_lines(raw)]

    def _grep_lines(self, raw: bytes) -> Iterator[tuple[int, str]]:
        done = subprocess.run(
            ["grep", "-a", "-n", "-i", "-F", "-f", str(self.file)],
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            input=raw,
            capture_output=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        for line in done.stdout.splitlines():
            number, _colon, text = line.decode(errors="replace").partition(":")
            yield from ((int(number), needle) for needle in self._really(text.lower()))

    def _really(self, text: str) -> Iterator[str]:
        for needle in self.needles:
            start = text.find(needle.lower())
            while start >= 0:
                if len(needle) > SHORT or _stands_alone(text, start, len(needle)):
                    yield needle
                    break
                start = text.find(needle.lower(), start + 1)


def _stands_alone(text: str, start: int, length: int) -> bool:
    around = text[start - 1 : start] + text[start + length : start + length + 1]
    return not any(sign.isalnum() for sign in around)


def _column(lines: list[bytes], number: int, needle: str) -> str:
    """The table and column of a line of a dump."""
    for head in reversed(lines[:number]):
        if head.startswith(b"COPY "):
            table, _open, names = head.decode()[5:].partition(" (")
            columns = names.partition(")")[0].split(", ")
            cells = lines[number].decode(errors="replace").lower().split("\t")
            places = [
                name for name, cell in zip(columns, cells, strict=False) if needle.lower() in cell
            ]
            return f"{table}.{'/'.join(places)}"
    return "the schema"
