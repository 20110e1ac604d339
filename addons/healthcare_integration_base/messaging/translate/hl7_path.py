# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Places in an HL7 v2 message, written as people write them: ``ZCG-3``, ``FT1-13.1``,
``PID-3(2).4.1``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import hl7_personal
from .hl7_message import READ, Hl7, Segment

_PATH = re.compile(
    r"([A-Z][A-Z0-9]{2})-(\d{1,3})(?:\((\d{1,2})\))?(?:\.(\d{1,2})(?:\.(\d{1,2}))?)?", re.ASCII
)
# What these say is about a person, or about how that person is.
_OF_PERSONS = frozenset({"PID", "PD1", "NK1", "GT1", "MRG"})
_CLINICAL = frozenset({"DG1", "OBX"})


@dataclass(frozen=True, slots=True)
class Part:
    """The segments of a message that one event was made of: its own row with what follows
    up to the next row of that kind, and what stands before all rows."""

    message: Hl7
    own: tuple[Segment, ...]
    shared: tuple[Segment, ...]

    def find(self, name: str) -> Segment | None:
        """The event's own segment of that name, else the one of the whole message.

        A segment behind the last row that is there only once belongs to all of them.
        """
        candidates = (self.own, self.shared, self._lone(name))
        return next((one for place in candidates for one in place if one.name == name), None)

    def _lone(self, name: str) -> tuple[Segment, ...]:
        found = tuple(self.message.all(name))
        return found if len(found) == 1 and found[0] in self._tail() else ()

    def _tail(self) -> Iterator[Segment]:
        """Segments behind the last row."""
        for segment in reversed(self.message.segments):
            if self.own and segment.name == self.own[0].name:
                return
            yield segment


def whole(message: Hl7) -> Part:
    """All of a message that became one event."""
    return Part(message, (), message.segments)


def part(message: Hl7, row: Segment) -> Part:
    """The part of a message that belongs to one of its rows, such as an FT1."""
    segments = message.segments
    rows = [index for index, segment in enumerate(segments) if segment.name == row.name]
    start = next(index for index in rows if segments[index] is row)
    end = next((index for index in rows if index > start), len(segments))
    return Part(message, segments[start:end], segments[: rows[0]])


@dataclass(frozen=True, slots=True)
class Path:
    """One place; fields, components and repetitions count from 1."""

    segment: str
    field: int
    repetition: int = 1
    component: int = 1
    sub: int = 1

    def read(self, source: Part) -> str | None:
        """The value there; None when absent."""
        found = source.find(self.segment)
        if found is None:
            return None
        return found.value(self.field, self.component, self.sub, self.repetition) or None

    @property
    def is_read(self) -> bool:
        """Whether segments of that name are read at all."""
        return self.segment in READ or self.segment.startswith("Z")

    @property
    def is_personal(self) -> bool:
        """Whether the standard puts something there that names a person."""
        return self.segment in _OF_PERSONS or hl7_personal.is_personal(self.segment, self.field)

    @property
    def is_clinical(self) -> bool:
        return self.segment in _CLINICAL


def parse_path(text: str) -> Path | None:
    """A path; None when the text is none."""
    match = _PATH.fullmatch(text)
    if match is None:
        return None
    numbers = [int(group) if group else 1 for group in match.groups()[1:]]
    if not all(numbers):
        return None
    return Path(match[1], *numbers)
