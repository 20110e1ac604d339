# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The fields of a contract as a policy sees them: what they are, and which own rules can hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from . import contract_schema
from .contract import Contract
from .event import JsonObject, JsonValue
from .field_policy import RULES, no_looser

Tolerated = Mapping[str, Iterable[str]]
"""Of a handler: pointer -> own rules that it can live with, where they are others than usual."""
_CONTAINERS = frozenset({"properties", "items", "anyOf", "oneOf"})
_REDUCING = ("last4", "pseudonymize", "mask")


@dataclass(frozen=True, slots=True)
class PolicyField:
    """One row of the table.

    :param pointer: as dropped values are counted: without indexes, ``/lines/item/value``
    :param label: titles from the outermost to its own
    :param rule: the contract's
    :param kind: ``text``, ``phone``, ``time``, ``plain`` (a number, a truth value, one of a
        list) or ``any`` (of any shape; such a field is dropped as a whole)
    :param is_key: tells messages apart, or puts them in order
    :param holder: pointer of the object or list that cannot be without it, and that itself may
        be missing; ``""`` where the contract always requires it; None where nothing does
    """

    pointer: str
    label: str
    field_class: str
    rule: str
    kind: str
    is_key: bool
    holder: str | None
    has_default: bool

    @property
    def is_required(self) -> bool:
        return self.holder == ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an own rule cannot hold: ``unknown``, ``looser``, ``key``, ``required``, ``default``,
    ``part``, ``kind`` or ``handler``."""

    pointer: str
    rule: str
    reason: str


@lru_cache(maxsize=256)
def policy_fields(contract: Contract) -> dict[str, PolicyField]:
    """Pointer -> field, in the order of the contract; made once for each contract."""
    schema = contract_schema.inline(contract.schema)
    found = _fields(schema, _Place("", "", "operational", "", contract.keys))
    return {field.pointer: field for field in found}


def choices(field: PolicyField, tolerated: Tolerated | None = None) -> list[str]:
    """Rules that can hold for a field, from loose to strict; the contract's own is the first.

    :param tolerated: of the type's handler; None where nothing handles the type
    """
    return [rule for rule in RULES if _against(field, rule, tolerated) is None]


def problems(
    fields: Mapping[str, PolicyField],
    rules: Mapping[str, str],
    tolerated: Tolerated | None = None,
) -> list[Problem]:
    """What stands against a policy.

    :param rules: pointer -> own rule
    :param tolerated: see :func:`choices`
    """
    found = []
    for pointer, rule in rules.items():
        field = fields.get(pointer)
        reason = _against(field, rule, tolerated) if field else "unknown"
        if field and reason is None and rule == "drop" and not _goes_whole(field, fields, rules):
            reason = "part"
        if reason is not None:
            found.append(Problem(pointer, rule, reason))
    return found


def _against(field: PolicyField, rule: str, tolerated: Tolerated | None) -> str | None:
    """The first reason against a rule for one field."""
    if rule == field.rule:
        return None
    if not no_looser(rule, field.rule):
        return "looser"
    for reason, holds in (
        ("key", field.is_key),
        ("required", field.is_required),
        ("default", field.has_default),
        ("kind", rule not in _fitting(field)),
        ("handler", rule not in _tolerable(field, tolerated)),
    ):
        if holds:
            return reason
    return None


def _fitting(field: PolicyField) -> tuple[str, ...]:
    """What makes sense of a value: handlers take operational ones at face value, and a masked
    code or number would be booked as if it were one."""
    if field.field_class == "operational" or field.kind in ("plain", "any"):
        return ("drop",)
    return (*(("year", "mask") if field.kind == "time" else _REDUCING), "drop")


def _tolerable(field: PolicyField, tolerated: Tolerated | None) -> Iterable[str]:
    """Where a handler says nothing: it needs what is operational, as a quantity without its
    unit is another quantity; and does without all else."""
    if tolerated is None:
        return _fitting(field)
    usual = () if field.field_class == "operational" else _fitting(field)
    return tolerated.get(field.pointer, usual)


def _goes_whole(
    field: PolicyField, fields: Mapping[str, PolicyField], rules: Mapping[str, str]
) -> bool:
    """Whether an object that cannot be without the field goes altogether."""
    if field.holder is None:
        return True
    inside = (one for one in fields.values() if one.pointer.startswith(f"{field.holder}/"))
    return all(rules.get(one.pointer, one.rule) == "drop" for one in inside)


# -- reading a contract ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a contract, and what holds there."""

    pointer: str
    label: str
    field_class: str
    holder: str | None
    keys: frozenset[str]


def _fields(node: JsonObject, place: _Place) -> Iterator[PolicyField]:
    own = str(node.get("x-hc-class", place.field_class))
    place = _Place(place.pointer, place.label, own, place.holder, place.keys)
    variants = [one for one in _objects(node.get("anyOf", node.get("oneOf"))) if _is_value(one)]
    members, items = node.get("properties"), node.get("items")
    if not (variants or members or items) or node.get("x-hc-keep") == "drop":
        yield _row(node, place)
    for variant in variants:
        yield from _fields(variant, place)
    if isinstance(members, dict) and node.get("x-hc-keep") != "drop":
        yield from _members(node, members, place)
    elif isinstance(items, dict) and node.get("x-hc-keep") != "drop":
        yield from _fields(items, place)


def _members(node: JsonObject, members: JsonObject, place: _Place) -> Iterator[PolicyField]:
    listed = node.get("required")
    required = listed if isinstance(listed, list) else []
    for name, member in members.items():
        if not isinstance(member, dict):
            continue
        pointer = f"{place.pointer}/{name}"
        title = str(member.get("title", name))
        label = f"{place.label} / {title}" if place.label else title
        holder = place.holder if name in required else _own_holder(member, pointer)
        yield from _fields(member, _Place(pointer, label, place.field_class, holder, place.keys))


def _own_holder(node: JsonObject, pointer: str) -> str | None:
    """Of what may be missing: a plain value nothing depends on, and an object that its own
    members may depend on."""
    return pointer if node.keys() & _CONTAINERS else None


def _row(node: JsonObject, place: _Place) -> PolicyField:
    default = "keep" if place.field_class == "operational" else "drop"
    kind = _kind(node)
    return PolicyField(
        pointer=place.pointer,
        label=place.label,
        field_class=place.field_class,
        rule="drop" if kind == "any" else str(node.get("x-hc-keep", default)),
        kind=kind,
        is_key=place.pointer in place.keys,
        holder=place.holder,
        has_default="default" in node,
    )


def _kind(node: JsonObject) -> str:
    if node.keys() & _CONTAINERS or not node.keys() & {"type", "enum", "const"}:
        return "any"
    if "x-hc-format" in node:
        return "phone"
    if "x-hc-time" in node:
        return "time"
    is_text = node.get("type") == "string" and not node.keys() & {"enum", "const", "x-hc-decimal"}
    return "text" if is_text else "plain"


def _is_value(node: JsonObject) -> bool:
    """An alternative that describes a value, and does not only ask for members."""
    return node.keys() != {"required"}


def _objects(value: JsonValue) -> Iterator[JsonObject]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            yield item
