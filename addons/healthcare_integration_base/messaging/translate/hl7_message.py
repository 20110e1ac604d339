# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One HL7 v2 message: bytes to segments whose values can be asked for.

The tree is built by the ``hl7`` library, for the segments that a translator reads. Its
own unescape function is not used: it logs the values that it cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import hl7

from .. import guard
from ..errors import MessageError
from . import hl7_charset

_SEGMENT_NAME = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
# Control characters, and surrogates that no encoder would take.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HEADER_LIMIT = 4096
_NULL = '""'

# Segments that translators read, beside a sender's own (Z…), which a channel's mapping may
# name; the others are checked for their name only.
READ = frozenset(
    ["MSH", "EVN", "PID", "PD1", "NK1", "PV1", "FT1", "GT1", "IN1", "IN2", "MRG", "ROL", "PRT"]
    + ["ORC", "OBR", "PR1", "DG1"]
    + ["SCH", "TQ1", "AIS", "AIG", "AIL", "AIP", "OBX"]
)


@dataclass(frozen=True, slots=True)
class Separators:
    """MSH-1 and MSH-2."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str


class Segment:
    """One segment; fields, components and repetitions count from 1 as in the standard."""

    __slots__ = ("_codec", "_separators", "_tree", "name")

    def __init__(self, name: str, tree: Any, separators: Separators, codec: str) -> None:
        self.name = name
        self._tree = tree
        self._separators = separators
        self._codec = codec

    def value(self, field: int, component: int = 1, sub: int = 1, repetition: int = 1) -> str:
        """One value, unescaped; empty when absent or when the sender says it is null."""
        text = self._text(_at(self._component(field, component, repetition), sub))
        if _CONTROL.search(text):
            raise MessageError("malformed_hl7")
        return text

    def repetitions(self, field: int) -> int:
        """How often a field is there."""
        return len(_children(self._field(field)))

    def leaves(self, field: int, component: int, repetition: int = 1) -> list[str]:
        """All subcomponents of a component, whatever characters they hold."""
        node = self._component(field, component, repetition)
        return [self._text(leaf) for leaf in _children(node)]

    def components(self, field: int, repetition: int = 1) -> list[list[str]]:
        """All components of a repetition as lists of subcomponents."""
        nodes = _children(_at(self._field(field), repetition))
        return [[self._text(leaf) for leaf in _children(node)] for node in nodes]

    def _field(self, number: int) -> Any:
        return self._tree[number] if 0 < number < len(self._tree) else ""

    def _component(self, field: int, component: int, repetition: int) -> Any:
        return _at(_at(self._field(field), repetition), component)

    def _text(self, leaf: Any) -> str:
        text = str(leaf).strip()
        if text == _NULL:
            return ""
        if self._separators.escape not in text:
            return text
        return _unescape(text, self._separators, self._codec).strip()


def _children(node: Any) -> Sequence[Any]:
    """A leaf of the library's tree stands for itself on every level below it."""
    return (node,) if isinstance(node, str) else node


def _at(node: Any, number: int) -> Any:
    children = _children(node)
    return children[number - 1] if 0 < number <= len(children) else ""


@dataclass(frozen=True, slots=True)
class Hl7:
    """A parsed message; the values of its header are read once."""

    segments: tuple[Segment, ...] = field(repr=False)
    charset: str
    charset_name: str
    # Components of MSH-3 to MSH-6, for the way back.
    routing: tuple[tuple[str, ...], ...]
    sending_application: str
    sending_facility: str
    code: str
    trigger: str
    timestamp: str
    control_id: str
    processing_id: str
    version: str
    accept_ack: str
    app_ack: str

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def all(self, name: str) -> Iterator[Segment]:
        return (segment for segment in self.segments if segment.name == name)

    def one(self, name: str) -> Segment | None:
        """The only segment of that name; two of them would leave open which one holds."""
        found = list(self.all(name))
        if len(found) > 1:
            raise MessageError("malformed_hl7")
        return found[0] if found else None


def parse(raw: bytes, content_charset: str | None = None) -> Hl7:
    """One message; refuses what is not ER7 text in the character set that it names."""
    guard.check_er7(raw)
    body = hl7_charset.trimmed(raw)
    codec = hl7_charset.codec_of(body, content_charset)
    lines = _lines(guard.decode(body, codec))
    separators = _separators(lines[0])
    for line in lines:
        _check_line(line, separators.field)
    read = [line for line in lines if line[:3] in READ or line[0] == "Z"]
    return _message(_segments(read, separators, codec), codec)


def parse_header(raw: bytes) -> Hl7 | None:
    """The header alone, to acknowledge a message that cannot be read; None without one."""
    body = hl7_charset.trimmed(raw)[: _HEADER_LIMIT + 1]
    line = re.split(rb"[\r\n]", body, maxsplit=1)[0]
    if len(line) > _HEADER_LIMIT or not line.isascii():
        return None
    try:
        return parse(line)
    except MessageError:
        return None


def _lines(text: str) -> list[str]:
    text = text.replace("\r\n", "\r").replace("\n", "\r")
    lines = [line for line in text.split("\r") if line]
    if not lines or "\0" in text:
        raise MessageError("malformed_hl7")
    return lines


def _separators(header: str) -> Separators:
    """Separators of a header that goes on behind MSH-2."""
    if not header.startswith("MSH") or len(header) < 8:
        raise MessageError("malformed_hl7")
    mark = header[3]
    encoding, found, _rest = header[4:].partition(mark)
    if not found or not 4 <= len(encoding) <= 5:
        raise MessageError("malformed_hl7")
    if len({mark, *encoding}) != len(encoding) + 1 or not all(map(_is_mark, mark + encoding)):
        raise MessageError("malformed_hl7")
    return Separators(mark, encoding[0], encoding[1], encoding[2], encoding[3])


def _is_mark(character: str) -> bool:
    return (
        character.isascii()
        and character.isprintable()
        and not (character.isalnum() or character.isspace())
    )


def _check_line(line: str, mark: str) -> None:
    """A line is a segment; anything else is a broken one, and would lose its end unseen."""
    if not _SEGMENT_NAME.match(line) or line[3:4] not in ("", mark):
        raise MessageError("malformed_hl7")


def _segments(lines: list[str], separators: Separators, codec: str) -> tuple[Segment, ...]:
    if sum(line.startswith("MSH") for line in lines) != 1:
        raise MessageError("malformed_hl7")
    try:
        trees = zip(lines, hl7.parse("\r".join(lines)), strict=True)
        return tuple(Segment(line[:3], tree, separators, codec) for line, tree in trees)
    except (hl7.HL7Exception, LookupError, ValueError, AssertionError):
        raise MessageError("malformed_hl7") from None


def _message(segments: tuple[Segment, ...], codec: str) -> Hl7:
    header = segments[0]
    return Hl7(
        segments=segments,
        charset=codec,
        charset_name=header.value(18),
        routing=tuple(_designator(header, number) for number in range(3, 7)),
        sending_application=header.value(3),
        sending_facility=header.value(4),
        code=header.value(9).upper(),
        trigger=header.value(9, 2).upper(),
        timestamp=header.value(7),
        control_id=header.value(10),
        processing_id=header.value(11).upper(),
        version=header.value(12),
        accept_ack=header.value(15).upper(),
        app_ack=header.value(16).upper(),
    )


def _designator(header: Segment, number: int) -> tuple[str, ...]:
    return tuple(leaves[0] for leaves in header.components(number)[:3])


def _unescape(text: str, separators: Separators, codec: str) -> str:
    """Escape sequences of the standard; those that only format text are left out."""
    parts = text.split(separators.escape)
    if len(parts) % 2 == 0:  # a lone escape character is taken as it is
        parts[-2:] = [parts[-2] + separators.escape + parts[-1]]
    for index in range(1, len(parts), 2):
        parts[index] = _sequence(parts[index], separators, codec)
    return "".join(parts)


def _sequence(name: str, separators: Separators, codec: str) -> str:
    known = {
        "F": separators.field,
        "S": separators.component,
        "R": separators.repetition,
        "E": separators.escape,
        "T": separators.subcomponent,
        "P": "#",
        ".br": "\n",
    }
    if name.startswith("X"):
        return _hexadecimal(name[1:], codec)
    return known.get(name, "")


def _hexadecimal(digits: str, codec: str) -> str:
    try:
        return bytes.fromhex(digits).decode(codec)
    except ValueError:
        raise MessageError("malformed_hl7") from None
