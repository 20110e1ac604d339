# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Places in an HL7 v2 message, written as people write them: ``ZCG-3``, ``FT1-13.1``,
``PID-3(2).4.1``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from . import hl7_personal
from .hl7_message import READ, Hl7, Segment

_PATH = re.compile(
    r"([A-Z][A-Z0-9]{2})-(\d{1,3})(?:\((\d{1,2})\))?(?:\.(\d{1,2})(?:\.(\d{1,2}))?)?", re.ASCII
)
# What these say is about a person, or about how that person is.
_OF_PERSONS = frozenset({"PID", "PD1", "NK1", "GT1", "MRG"})
# Diagnoses, and what was measured.
_CLINICAL_SEGMENTS = frozenset({"DG1"})
_CLINICAL = frozenset({("OBX", 5), ("FT1", 19)})


class Rows:
    """Where the segments of one message stand; looked through once, when first asked."""

    def __init__(self, message: Hl7) -> None:
        self.message = message

    @cached_property
    def first(self) -> dict[str, int]:
        """Name -> where the first segment of that name stands."""
        return {one.name: index for index, one in reversed([*enumerate(self.message.segments)])}

    @cached_property
    def last(self) -> dict[str, int]:
        return {one.name: index for index, one in enumerate(self.message.segments)}

    @cached_property
    def spans(self) -> dict[int, tuple[int, int]]:
        """Identity of a segment -> where it stands, and the next one of its name."""
        found: dict[int, tuple[int, int]] = {}
        following: dict[str, int] = {}
        segments = self.message.segments
        for index in range(len(segments) - 1, -1, -1):
            one = segments[index]
            found[id(one)] = index, following.get(one.name, len(segments))
            following[one.name] = index
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """What of a message one event was made of: a row, such as an FT1, with what follows up
    to the next row of that kind; all of it where there is no row."""

    rows: Rows
    row: Segment | None = None

    @property
    def message(self) -> Hl7:
        return self.rows.message

    def find(self, name: str) -> Segment | None:
        """The event's own segment of that name, else the one of the whole message.

        A message's own stand before all rows. One behind the last row that is there only
        once belongs to all of them.
        """
        segments, first = self.message.segments, self.rows.first.get(name)
        if first is None:
            return None
        if self.row is None:
            return segments[first]
        start, end = self.rows.spans[id(self.row)]
        own = next((one for one in segments[start:end] if one.name == name), None)
        if own is not None or first < self.rows.first[self.row.name]:
            return own or segments[first]
        is_lone = first == self.rows.last[name] > self.rows.last[self.row.name]
        return segments[first] if is_lone else None


@dataclass(frozen=True, slots=True)
class Path:
    """One place; fields, components and repetitions count from 1."""

    segment: str
    field: int
    repetition: int = 1
    component: int = 1
    sub: int = 1

    def value(self, source: Part) -> str | None:
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
        """Whether the standard puts a finding or a diagnosis there."""
        return self.segment in _CLINICAL_SEGMENTS or (self.segment, self.field) in _CLINICAL


def parse_path(text: str) -> Path | None:
    """A path; None when the text is none."""
    match = _PATH.fullmatch(text)
    if match is None:
        return None
    numbers = [int(group) if group else 1 for group in match.groups()[1:]]
    if not all(numbers):
        return None
    return Path(match[1], *numbers)
