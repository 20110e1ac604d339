# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A channel's own reading of its sender: fields of the contract <- places in the message.

Applied to the data of an event between translation and contract: what a table brings obeys
the contract like everything else. What names a person only goes where the contract expects
persons.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .contract import Contract
from .contract_targets import Target
from .event import Event, JsonObject, JsonValue
from .scrub import Names
from .source_path import PathError, Source, as_time, compiled
from .values import parse_decimal

_TRUTH = {"true": True, "false": False}


class MappingError(ValueError):
    """A rule that cannot hold; ``rule`` says which of ``target``, ``source``, ``syntax``,
    ``not_read``, ``too_long``, ``personal``, ``clinical`` and ``empty`` it breaks."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a table.

    :param type: full name of the message type, such as ``charge.captured.v1``
    :param target: pointer of a field of its contract, such as ``/lines/*/lot``
    :param source: path in the message; empty: what the translator has read
    :param default: where there is nothing
    :param values: what is written there -> what the contract expects
    :param else_default: a value that ``values`` does not name is not kept as it is
    """

    type: str
    target: str
    source: str = ""
    default: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    else_default: bool = False


@dataclass(frozen=True, slots=True)
class Mapped:
    """The data afterwards; ``withheld`` counts what named a person, by pointer."""

    data: JsonObject
    withheld: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Line:
    rule: Rule
    target: Target
    source: Source | None
    parts: tuple[str, ...]


class Table:
    """A version of a channel's mapping, compiled once.

    :param kind: format of the channel: ``hl7v2``, ``fhir`` or ``cloudevents``
    :param contracts: of the message types that the rules name
    :raise MappingError: for the first rule that cannot hold
    """

    def __init__(
        self, version: int, kind: str, rules: Iterable[Rule], contracts: Mapping[str, Contract]
    ) -> None:
        self.version = version
        self._lines: dict[str, list[_Line]] = {}
        for rule in rules:
            line = _compile(rule, kind, contracts.get(rule.type))
            self._lines.setdefault(rule.type, []).append(line)

    def apply(self, event: Event, contract: Contract) -> Mapped:
        """The data of an event as the table reads it; the event stays as it is."""
        lines = self._lines.get(event.type)
        if not lines:
            return Mapped(event.data)
        names = Names(event.personal | contract.personal(event.data))
        result = Mapped(copy.deepcopy(event.data))
        for line in lines:
            for place in _places(result.data, line.parts, event.origin):
                _fill(place, line, event, names, result.withheld)
        return result


def check(rule: Rule, kind: str, contract: Contract) -> None:
    """Whether a rule can hold.

    :raise MappingError: when it cannot
    """
    _compile(rule, kind, contract)


def _compile(rule: Rule, kind: str, contract: Contract | None) -> _Line:
    target = contract.targets.get(rule.target) if contract else None
    if target is None or contract is None:
        raise MappingError("target")
    if not (rule.source or rule.default or rule.values):
        raise MappingError("empty")
    source = _source(rule, kind, target, contract.persons) if rule.source else None
    return _Line(rule, target, source, tuple(rule.target.split("/")[1:]))


def _source(rule: Rule, kind: str, target: Target, persons: frozenset[str]) -> Source:
    try:
        source = compiled(rule.source, kind, persons)
    except PathError as error:
        raise MappingError(str(error)) from None
    if source.is_personal and not target.names_persons:
        raise MappingError("personal")
    if source.is_clinical and target.is_operational:
        raise MappingError("clinical")
    return source


# -- applying -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """A member of an object in the data, and the line of the message it belongs to.

    ``steps`` are the names that lead from ``parent`` to the member; objects on the way are
    made when there is something to put there.
    """

    parent: JsonObject
    steps: tuple[str, ...]
    line: JsonValue

    def value(self) -> JsonValue:
        found: JsonValue = self.parent
        for name in self.steps:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def put(self, value: JsonValue) -> None:
        parent: Any = self.parent
        for name in self.steps[:-1]:
            if not isinstance(parent.get(name), dict):
                parent[name] = {}
            parent = parent[name]
        parent[self.steps[-1]] = value

    def clear(self) -> None:
        parent: Any = self.parent
        for name in self.steps[:-1]:
            parent = parent.get(name) if isinstance(parent, dict) else None
        if isinstance(parent, dict):
            parent.pop(self.steps[-1], None)


def _places(data: JsonObject, parts: tuple[str, ...], line: Any) -> Iterator[_Place]:
    """All members that a pointer leads to: one, or one for each item of its arrays."""
    if "*" not in parts:
        yield _Place(data, parts, line)
        return
    star = parts.index("*")
    items = _Place(data, parts[:star], None).value()
    if not isinstance(items, list):
        return
    lines = _Place(line, parts[:star], None).value() if isinstance(line, dict) else None
    is_alike = isinstance(lines, list) and len(lines) == len(items)
    for index, item in enumerate(items):
        if isinstance(item, dict):
            own = lines[index] if is_alike and isinstance(lines, list) else None
            yield from _places(item, parts[star + 1 :], own)


def _fill(place: _Place, line: _Line, event: Event, names: Names, withheld: dict[str, int]) -> None:
    rule, found = line.rule, place.value()
    value = line.source.find(event.origin, place.line) if line.source else found
    if line.source and not line.target.names_persons and names.anywhere(value):
        pointer = rule.target.replace("/*", "")
        withheld[pointer] = withheld.get(pointer, 0) + 1
        value = None
    if value in (None, ""):
        if found in (None, "") and rule.default:
            place.put(_typed(rule.default, line.target, event))
        return
    value = _translated(value, rule)
    if value is None:
        place.clear()
    else:
        place.put(_typed(value, line.target, event))


def _translated(value: JsonValue, rule: Rule) -> JsonValue:
    """By the table of values, where there is one."""
    if isinstance(value, list | dict) or not rule.values:
        return value
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if text in rule.values:
        return rule.values[text]
    return (rule.default or None) if rule.else_default else value


def _typed(value: JsonValue, target: Target, event: Event) -> JsonValue:
    """A text as what the contract wants there, where it can be read as that."""
    if not isinstance(value, str) or "string" in target.types:
        return as_time(value, event.origin) if isinstance(value, str) and target.is_time else value
    if "boolean" in target.types:
        return _TRUTH.get(value.lower(), value)
    number: Decimal | None = parse_decimal(value)
    if number is None or not target.types & {"integer", "number"}:
        return value
    return int(number) if number == number.to_integral_value() else number
