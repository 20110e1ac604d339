# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Where a mapping looks in what the sender wrote: a place of HL7 v2, or JMESPath in JSON.

JMESPath (https://jmespath.org/specification.html) is a query language without side effects;
nothing of it is code of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from .event import JsonObject, JsonValue, Origin
from .translate import fhir_personal, hl7_path, hl7_time
from .translate.hl7_path import Part, Path

MAX_PATH = 256
# What a query meets in data that it was not written for.
_UNFIT = (JMESPathError, RecursionError, TypeError, ValueError, LookupError, ArithmeticError)


class PathError(ValueError):
    """The path is none, or leads nowhere; the text is the rule that it breaks."""


@dataclass(frozen=True, slots=True)
class Hl7Source:
    """A place in the event's own segments."""

    path: Path

    def find(self, origin: Origin | None, _line: JsonValue = None) -> JsonValue:
        return self.path.value(origin) if isinstance(origin, Part) else None

    @property
    def is_personal(self) -> bool:
        return self.path.is_personal

    @property
    def is_clinical(self) -> bool:
        return self.path.is_clinical


@dataclass(frozen=True, slots=True)
class JsonSource:
    """A query, asked of the line first, then of the whole document."""

    query: Any
    is_personal: bool
    is_clinical: bool = False

    def find(self, origin: Origin | None, line: JsonValue = None) -> JsonValue:
        if not isinstance(origin, dict):
            return None
        found = self._ask(line) if isinstance(line, dict) else None
        return self._ask(origin) if found is None else found

    def _ask(self, document: JsonObject) -> JsonValue:
        try:
            return _as_json(self.query.search(document))
        except _UNFIT:
            return None


Source = Hl7Source | JsonSource


@lru_cache(maxsize=4096)
def compiled(path: str, kind: str, persons: frozenset[str] = frozenset()) -> Source:
    """A source path of a channel's format.

    :param kind: ``hl7v2``, ``fhir`` or ``cloudevents``
    :param persons: members of the data that are about persons
    :raise PathError: ``too_long``, ``syntax`` or ``not_read``
    """
    if len(path) > MAX_PATH:
        raise PathError("too_long")
    if kind == "hl7v2":
        return _hl7(path)
    try:
        query = jmespath.compile(path)
    except (JMESPathError, RecursionError, ValueError, TypeError):
        raise PathError("syntax") from None
    known = persons | (fhir_personal.MEMBERS if kind == "fhir" else frozenset())
    return JsonSource(query, not known.isdisjoint(_members(query.parsed)))


def _hl7(text: str) -> Hl7Source:
    path = hl7_path.parse_path(text)
    if path is None:
        raise PathError("syntax")
    if not path.is_read:
        raise PathError("not_read")
    return Hl7Source(path)


def as_time(text: str, origin: Origin | None) -> str:
    """A time of HL7 v2 in ISO 8601, with the offset of its message; others as they are."""
    if not isinstance(origin, Part):
        return text
    return hl7_time.to_iso(text, hl7_time.offset_of(origin.message.timestamp)) or text


def _members(node: Any) -> Iterator[str]:
    """Names of all members that a parsed query mentions."""
    if node.get("type") == "field":
        yield str(node.get("value"))
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _members(child)


def _as_json(value: Any) -> JsonValue:
    """Numbers that a query has calculated are no floats afterwards; what is no value of
    JSON (an expression, say) is nothing."""
    if isinstance(value, float):
        return Decimal(repr(value)) if value == value and abs(value) != float("inf") else None
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _as_json(item) for name, item in value.items()}
    return value if value is None or isinstance(value, str | int | bool | Decimal) else None
