# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which plain values two descriptions take: types, lists of values, limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from .event import JsonObject, JsonValue

Number = int | float | Decimal
DIGITS, PLACES = 18, 6
"""What ``x-hc-decimal`` allows where it does not say."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Types and listed values; none: any."""

    types: frozenset[str] | None
    values: frozenset[str] | None

    def takes_types_of(self, other: Accepted) -> bool:
        """Whether every type of the other one is taken; an integer is a number."""
        if self.types is None:
            return True
        widened = self.types | ({"integer"} if "number" in self.types else set())
        return other.types is not None and other.types <= widened

    def listed(self) -> str:
        return " | ".join(sorted(self.values)) if self.values is not None else ""


def accepted(schema: JsonObject) -> Accepted:
    """What a description says of types and values."""
    declared = schema.get("type")
    names = declared if isinstance(declared, list) else [declared] if declared else None
    types = None if names is None else frozenset(str(name) for name in names)
    return Accepted(types, _values(schema))


def _values(schema: JsonObject) -> frozenset[str] | None:
    """Values by their JSON, so that 1 and true differ as they do for the validator."""
    listed = schema.get("enum")
    found = {_json(one) for one in listed} if isinstance(listed, list) else None
    if "const" in schema:
        single = {_json(schema["const"])}
        found = single if found is None else found & single
    return None if found is None else frozenset(found)


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Bounds:
    """One limit that moved."""

    WORDS: ClassVar[tuple[str, ...]] = (
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    )

    what: str
    before: str
    after: str


def narrowed_bounds(old: JsonObject, new: JsonObject) -> Iterator[tuple[Bounds, bool]]:
    """Limits that differ, each with whether it is tighter now."""
    for word in ("minLength", "minItems", "minProperties"):
        yield from _moved(word, _number(old, word) or 0, _number(new, word) or 0)
    for word in ("maxLength", "maxItems"):
        yield from _moved(word, *_tops(_number(old, word), _number(new, word)))
    yield from _edges("minimum", _lower(old), _lower(new), 1)
    yield from _edges("maximum", _upper(old), _upper(new), -1)
    if old.get("x-hc-decimal") != new.get("x-hc-decimal"):
        told = Bounds("x-hc-decimal", _told(old), _told(new))
        yield told, not _fits(old.get("x-hc-decimal"), new.get("x-hc-decimal"))


def _moved(word: str, before: Number, after: Number) -> Iterator[tuple[Bounds, bool]]:
    if before != after:
        is_tighter = after > before if word.startswith("min") else after < before
        yield Bounds(word, _limit(before), _limit(after)), is_tighter


def _tops(before: Number | None, after: Number | None) -> tuple[Number, Number]:
    endless = float("inf")
    return endless if before is None else before, endless if after is None else after


def _limit(value: Number) -> str:
    return "" if value == float("inf") else str(value)


Edge = tuple[Decimal, bool] | None
"""A limit, and whether it is itself left out."""


def _lower(schema: JsonObject) -> Edge:
    edges = _both_edges(schema, "minimum", "exclusiveMinimum")
    return max(edges) if edges else None


def _upper(schema: JsonObject) -> Edge:
    edges = _both_edges(schema, "maximum", "exclusiveMaximum")
    return min(edges, key=lambda edge: (edge[0], not edge[1])) if edges else None


def _both_edges(schema: JsonObject, closed: str, opened: str) -> list[tuple[Decimal, bool]]:
    found = [(_number(schema, closed), False), (_number(schema, opened), True)]
    return [(Decimal(str(value)), is_open) for value, is_open in found if value is not None]


def _edges(what: str, before: Edge, after: Edge, sign: int) -> Iterator[tuple[Bounds, bool]]:
    """``sign``: 1 where a greater limit is tighter, -1 where a smaller one is."""
    if before == after:
        return
    is_tighter = after is not None and (before is None or _rank(after, sign) > _rank(before, sign))
    yield Bounds(what, _edge(before), _edge(after)), is_tighter


def _rank(edge: tuple[Decimal, bool], sign: int) -> tuple[Decimal, bool]:
    return edge[0] * sign, edge[1]


def _edge(edge: Edge) -> str:
    return "" if edge is None else f"{edge[0]}{' (excluded)' if edge[1] else ''}"


def _fits(old: JsonValue, new: JsonValue) -> bool:
    """Whether decimals that kept the old rule keep the new one."""
    if not isinstance(new, dict):
        return True
    if not isinstance(old, dict):
        return False
    for word, default in (("digits", DIGITS), ("places", PLACES)):
        if _count(new, word, default) < _count(old, word, default):
            return False
    before, after = _lower(old), _lower(new)
    return after is None or (before is not None and after <= before)


def _count(rule: JsonObject, word: str, default: int) -> Number:
    found = _number(rule, word)
    return default if found is None else found


def _number(schema: JsonObject, word: str) -> Number | None:
    value = schema.get(word)
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return value if is_number else None  # type: ignore[return-value]


def _told(schema: JsonObject) -> str:
    rule = schema.get("x-hc-decimal")
    return json.dumps(rule, default=str) if rule is not None else ""
