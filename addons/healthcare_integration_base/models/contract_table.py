# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A contract as a person reads it: its fields, what they are, and what is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DEPTH = 12
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a contract."""

    path: str
    type: str
    required: bool
    field_class: str
    keep: str
    description: str


def rows(schema: Schema) -> list[Row]:
    """All fields of a contract, in its order; containers only where they are a field."""
    return list(_members(schema, schema, "", "", DEPTH))


def _members(root: Schema, node: Schema, prefix: str, inherited: str, depth: int) -> Iterator[Row]:
    node = _deref(root, node)
    required = set(node.get("required", ()))
    for name, member in node.get("properties", {}).items():
        if depth:
            path = f"{prefix}.{name}" if prefix else name
            yield from _field(root, member, path, name in required, inherited, depth)


def _field(
    root: Schema, member: Schema, path: str, required: bool, inherited: str, depth: int
) -> Iterator[Row]:
    member = _deref(root, member)
    field_class = str(member.get("x-hc-class", inherited))
    item = _deref(root, member.get("items") or {})
    inner = item if "properties" in item else member
    if "properties" in inner:
        suffix = "[]" if inner is item else ""
        inner_class = str(inner.get("x-hc-class", field_class))
        yield from _members(root, inner, path + suffix, inner_class, depth - 1)
        return
    field_class = field_class or str(item.get("x-hc-class", ""))
    yield Row(
        path=path,
        type=_type(member),
        required=required,
        field_class=field_class or "operational",
        keep=str(member.get("x-hc-keep") or item.get("x-hc-keep") or _default(field_class)),
        description=str(member.get("description", "")),
    )


def _default(field_class: str) -> str:
    return "keep" if field_class in ("", "operational") else "drop"


def _type(member: Schema) -> str:
    if "x-hc-decimal" in member:
        return "decimal"
    if member.get("x-hc-time"):
        return "time"
    if "x-hc-format" in member:
        return str(member["x-hc-format"])
    if "enum" in member:
        return " | ".join(map(str, member["enum"]))
    kinds = member.get("type", "")
    return " | ".join(kinds) if isinstance(kinds, list) else str(kinds)


def _deref(root: Schema, node: Schema) -> Schema:
    """Follow a local reference; what stands beside it wins."""
    for _hop in range(DEPTH):
        reference = node.get("$ref", "")
        if not reference.startswith("#/"):
            return node
        target: Any = root
        for part in reference[2:].split("/"):
            target = target.get(part, {})
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node
