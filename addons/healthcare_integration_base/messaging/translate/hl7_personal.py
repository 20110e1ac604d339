# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Values of an HL7 v2 message that name a person, so that intake can find them elsewhere.

Identifiers, whole names, birth dates and phone numbers are ``strong``. Parts of names and
addresses are ``weak``: a town may be called like a ward and a postal code may be an item
code, so weak values do not count against the operational values of the same message.
Assigning authorities, facilities, type codes and effective dates are no personal values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .hl7_message import Hl7, Segment
from .hl7_time import to_iso

MINIMUM_LENGTH = 3
# What a reader of one repetition yields: the value, and whether it is strong.
_Found = Iterator[tuple[str, bool]]
_Reader = Callable[[Segment, int, int], _Found]


def collect(message: Hl7) -> tuple[frozenset[str], frozenset[str]]:
    """Strong and weak personal values of the whole message."""
    strong: set[str] = set()
    weak: set[str] = set()
    for segment in message.segments:
        for number, reader in _FIELDS.get(segment.name, {}).items():
            for value, is_strong in _read(segment, number, reader):
                (strong if is_strong else weak).add(value)
    return frozenset(strong), frozenset(weak - strong)


def is_personal(name: str, number: int) -> bool:
    """Whether a field of a segment holds something that names a person."""
    return number in _FIELDS.get(name, {})


def _read(segment: Segment, number: int, reader: _Reader) -> _Found:
    for repetition in range(1, segment.repetitions(number) + 1):
        for value, is_strong in reader(segment, number, repetition):
            if len(value.strip()) >= MINIMUM_LENGTH:
                yield value.strip(), is_strong


def _identifier(segment: Segment, number: int, repetition: int) -> _Found:
    """CX, EI, ST: the first component is the identifier."""
    for value in segment.leaves(number, 1, repetition):
        yield value, True


def _name(segment: Segment, number: int, repetition: int) -> _Found:
    """XPN: family, given, further given names, called by; and the whole name."""
    yield from _names(segment, number, repetition, (1, 2, 3, 15))
    yield from _whole(segment, number, repetition, 1)


def _person(segment: Segment, number: int, repetition: int) -> _Found:
    """XCN: an identifier in front of a name."""
    yield from _identifier(segment, number, repetition)
    yield from _names(segment, number, repetition, (2, 3, 4))
    yield from _whole(segment, number, repetition, 2)


def _names(segment: Segment, number: int, repetition: int, parts: tuple[int, ...]) -> _Found:
    for component in parts:
        for value in segment.leaves(number, component, repetition):
            yield value, False


def _whole(segment: Segment, number: int, repetition: int, family: int) -> _Found:
    last = segment.leaves(number, family, repetition)[0]
    first = segment.leaves(number, family + 1, repetition)[0]
    if last and first:
        for value in (f"{first} {last}", f"{last} {first}", f"{last}, {first}", f"{last}^{first}"):
            yield value, True


def _address(segment: Segment, number: int, repetition: int) -> _Found:
    components = segment.components(number, repetition)
    yield " ".join(filter(None, components[0])), True
    for leaves in components:
        for value in leaves:
            yield value, False


def _phone(segment: Segment, number: int, repetition: int) -> _Found:
    """XTN: as dialled, mail address, local number, unformatted."""
    for component in (1, 4, 7, 12):
        for value in segment.leaves(number, component, repetition):
            yield value, True


def _birth(segment: Segment, number: int, repetition: int) -> _Found:
    value = segment.leaves(number, 1, repetition)[0]
    yield value, True
    day = to_iso(value[:8], None)
    if day:
        yield day, True
        yield value[:8], True


_FIELDS: dict[str, dict[int, _Reader]] = {
    "PID": {
        2: _identifier, 3: _identifier, 4: _identifier, 5: _name, 6: _name, 7: _birth,
        9: _name, 11: _address, 13: _phone, 14: _phone, 18: _identifier, 19: _identifier,
        20: _identifier, 21: _identifier, 40: _phone,
    },
    "PD1": {4: _person},
    "NK1": {
        2: _name, 4: _address, 5: _phone, 6: _phone, 12: _identifier, 16: _birth, 26: _name,
        30: _name, 31: _phone, 32: _address, 33: _identifier, 37: _identifier, 40: _phone,
        41: _phone,
    },
    "PV1": {
        5: _identifier, 7: _person, 8: _person, 9: _person, 17: _person, 19: _identifier,
        50: _identifier, 52: _person, 54: _identifier,
    },
    "GT1": {
        2: _identifier, 3: _name, 4: _name, 5: _address, 6: _phone, 7: _phone, 8: _birth,
        12: _identifier, 16: _name, 17: _address, 18: _phone, 19: _identifier, 42: _name,
        45: _name, 46: _phone,
    },
    "IN1": {
        6: _name, 7: _phone, 16: _name, 18: _birth, 19: _address, 36: _identifier,
        44: _address, 49: _identifier,
    },
    "IN2": {
        1: _identifier, 2: _identifier, 3: _person, 6: _identifier, 7: _name, 8: _identifier,
        9: _name, 10: _identifier, 25: _identifier, 26: _identifier, 40: _name, 49: _name,
        50: _phone, 52: _name, 53: _phone, 61: _identifier, 63: _phone, 64: _phone,
    },
    "MRG": {
        1: _identifier, 2: _identifier, 3: _identifier, 4: _identifier, 5: _identifier,
        6: _identifier, 7: _name,
    },
    "EVN": {5: _person},
    "FT1": {20: _person, 21: _person, 24: _person},
    "ROL": {4: _person, 11: _address, 12: _phone},
    "PRT": {5: _person, 14: _address, 15: _phone},
    "ORC": {10: _person, 11: _person, 12: _person, 14: _phone, 19: _person},
    "OBR": {10: _person, 16: _person, 17: _phone, 28: _person},
    "PR1": {8: _person, 11: _person, 12: _person},
    "OBX": {16: _person, 25: _person},
    "SCH": {
        12: _person, 13: _phone, 14: _address, 16: _person, 17: _phone, 18: _address,
        20: _person, 21: _phone,
    },
    "AIP": {3: _person},
    "DG1": {16: _person},
}  # fmt: skip
