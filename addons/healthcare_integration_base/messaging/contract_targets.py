# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The fields of a contract that a mapping may fill, by JSON pointer (RFC 6901).

``*`` stands for every item of an array: ``/lines/*/lot``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import contract_schema
from .event import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Target:
    """One field whose value, or something made of it, is kept.

    ``types`` are those of JSON Schema; ``is_time`` is a date or a date-time.
    """

    pointer: str
    types: frozenset[str]
    field_class: str
    is_time: bool

    @property
    def is_operational(self) -> bool:
        return self.field_class == "operational"

    @property
    def names_persons(self) -> bool:
        """What is written there may be about a person."""
        return self.field_class in ("personal", "secret")


def targets(schema: JsonObject) -> dict[str, Target]:
    """Pointer -> target, in the order of the contract."""
    found = _fields(contract_schema.inline(schema), "", "operational")
    return {target.pointer: target for target in found}


def _fields(node: JsonObject, pointer: str, inherited: str) -> Iterator[Target]:
    own = str(node.get("x-hc-class", inherited))
    for variant in _objects(node.get("anyOf", node.get("oneOf"))):
        yield from _fields(variant, pointer, own)
    if node.get("x-hc-keep") == "drop":
        return
    members, items = node.get("properties"), node.get("items")
    if isinstance(members, dict):
        for name, member in members.items():
            for one in _objects([member]):
                yield from _fields(one, f"{pointer}/{name}", own)
    elif isinstance(items, dict):
        yield from _items(items, pointer, own)
    elif pointer and node.keys() & {"type", "enum", "const"} and _is_kept(node, own):
        yield Target(pointer, _types(node), own, "x-hc-time" in node)


def _items(items: JsonObject, pointer: str, own: str) -> Iterator[Target]:
    """Objects are filled member by member, an array of plain values as a whole."""
    if items.keys() & {"properties", "anyOf", "oneOf"}:
        yield from _fields(items, f"{pointer}/*", own)
        return
    own = str(items.get("x-hc-class", own))
    if _is_kept(items, own):
        yield Target(pointer, frozenset({"array"}), own, is_time=False)


def _is_kept(node: JsonObject, own: str) -> bool:
    return node.get("x-hc-keep", "keep" if own == "operational" else "drop") != "drop"


def _types(node: JsonObject) -> frozenset[str]:
    declared = node.get("type", "string")
    names = declared if isinstance(declared, list) else [declared]
    return frozenset(str(name) for name in names)


def _objects(value: JsonValue) -> Iterator[JsonObject]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict) and item.keys() != {"required"}:
            yield item
