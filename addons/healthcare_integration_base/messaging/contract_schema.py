# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From the file of a contract to its fields; refuses what is not said plainly."""

from __future__ import annotations

from typing import cast

from . import contract_words as words
from .contract_fields import Choice, Dropped, Field, Record, Scalar, Sequence
from .contract_words import Condition, DecimalRule, refuse
from .event import JsonObject, JsonValue

_DEFS = "#/$defs/"


def inline(schema: JsonObject) -> JsonObject:
    """The contract without definitions: each reference replaced by what it refers to."""
    defs = schema.get("$defs", {})
    if not isinstance(defs, dict):
        refuse("/$defs", "not an object")
    body = {name: value for name, value in schema.items() if name != "$defs"}
    return _inlined(body, defs, ())


def _inlined(schema: JsonObject, defs: JsonObject, path: tuple[str, ...]) -> JsonObject:
    reference = schema.get("$ref")
    if reference is not None:
        return _resolved(schema, reference, defs, path)
    result = dict(schema)
    for name in ("properties", "items", "anyOf", "oneOf"):
        if name in schema:
            result[name] = _inlined_under(name, schema[name], defs, path)
    return result


def _inlined_under(
    name: str, value: JsonValue, defs: JsonObject, path: tuple[str, ...]
) -> JsonValue:
    if isinstance(value, list):
        return [_inlined(_schema(item, name), defs, path) for item in value]
    if name == "items":
        return _inlined(_schema(value, name), defs, path)
    fields = _schema(value, name)
    return {key: _inlined(_schema(item, key), defs, path) for key, item in fields.items()}


def _resolved(
    schema: JsonObject, reference: JsonValue, defs: JsonObject, path: tuple[str, ...]
) -> JsonObject:
    if not isinstance(reference, str) or not reference.startswith(_DEFS):
        refuse("$ref", "only definitions of the same file can be referred to")
    name = reference.removeprefix(_DEFS)
    if name in path:
        refuse(reference, "refers to itself")
    own = {key: value for key, value in schema.items() if key != "$ref"}
    if own.keys() - words.ANNOTATIONS - words.FIELD_WORDS:
        refuse(reference, "only descriptions and x-hc words can stand beside a reference")
    target = _schema(defs.get(name), reference)
    return {**_inlined(target, defs, (*path, name)), **own}


def _schema(value: JsonValue, pointer: str) -> JsonObject:
    if not isinstance(value, dict):
        refuse(pointer, "a schema is due here")
    return value


def relaxed(schema: JsonObject, pointers: tuple[str, ...]) -> JsonObject:
    """An inlined contract in which these fields may be missing."""
    result = schema
    for pointer in pointers:
        result = _without_required(result, pointer.split("/")[1:], pointer)
    return result


def _without_required(schema: JsonObject, parts: list[str], pointer: str) -> JsonObject:
    head, *rest = parts or [""]
    if head == "*":
        items = _schema(schema.get("items"), pointer)
        return {**schema, "items": _without_required(items, rest, pointer)}
    members = _schema(schema.get("properties"), pointer)
    if head not in members:
        refuse(pointer, "x-hc-source-optional names no field")
    if rest:
        member = _without_required(_schema(members[head], pointer), rest, pointer)
        return {**schema, "properties": {**members, head: member}}
    required = [name for name in words.names(schema.get("required"), pointer) if name != head]
    return {**schema, "required": cast(list[JsonValue], required)}


# -- fields -------------------------------------------------------------------------------


def build_root(schema: JsonObject) -> Record:
    """The fields of an inlined contract."""
    known = words.ROOT_WORDS | words.ROOT_KEYWORDS
    body = {name: value for name, value in schema.items() if name not in known}
    root = _build(body, "", "operational")
    if not isinstance(root, Record):
        refuse("", "a contract describes an object")
    return root


def _build(schema: JsonObject, pointer: str, inherited: str) -> Field:
    words.check_words(schema, pointer)
    own = str(schema.get("x-hc-class", inherited))
    variants = _variants(schema)
    if "x-hc-keep-if" in schema and (variants or schema.keys() & {"properties", "items"}):
        refuse(pointer, "x-hc-keep-if belongs to a plain value")
    if _is_dropped(schema, variants):
        return _dropped(schema, pointer, own)
    if variants:
        return _choice(schema, variants, pointer, own)
    if "properties" in schema:
        return _record(schema, pointer, own)
    if "items" in schema:
        return Sequence(pointer, item=_build(_schema(schema["items"], pointer), pointer, own))
    return _scalar(schema, pointer)


def _variants(schema: JsonObject) -> list[JsonObject]:
    """Alternatives that describe a value; those that only ask for members do not."""
    listed = schema.get("anyOf", schema.get("oneOf", []))
    found = [_schema(item, "anyOf") for item in listed] if isinstance(listed, list) else []
    return [item for item in found if item.keys() != {"required"}]


def _is_dropped(schema: JsonObject, variants: list[JsonObject]) -> bool:
    """A container that goes as a whole, or a value of any shape."""
    if "properties" in schema or "items" in schema or variants:
        return schema.get("x-hc-keep") == "drop"
    return not schema.keys() & {"type", "enum", "const"}


def _dropped(schema: JsonObject, pointer: str, own: str) -> Field:
    if "x-hc-class" not in schema:
        refuse(pointer, "x-hc-class is missing")
    if schema.get("x-hc-keep", "drop" if own != "operational" else "keep") != "drop":
        refuse(pointer, "a value of any shape can only be dropped")
    return Dropped(pointer, is_personal=_is_personal(own))


def _choice(schema: JsonObject, variants: list[JsonObject], pointer: str, own: str) -> Field:
    if schema.keys() & {"properties", "items", "type"}:
        refuse(pointer, "alternatives and a description of their own do not go together")
    fields: dict[type[Field], Field] = {}
    for variant in variants:
        field = _build(variant, pointer, own)
        if type(field) in fields or isinstance(field, Choice | Dropped):
            refuse(pointer, "alternatives must differ as object, array and plain value")
        fields[type(field)] = field
    return Choice(pointer, fields)


def _record(schema: JsonObject, pointer: str, own: str) -> Field:
    if schema.get("type") != "object":
        refuse(pointer, "members belong to the type object")
    if "x-hc-keep" in schema:
        refuse(pointer, "an object is dropped as a whole, or its members say what is kept")
    members: dict[str, Field] = {}
    for name, member in _schema(schema["properties"], pointer).items():
        if not words.NAME.fullmatch(name):
            refuse(f"{pointer}/{name}", "names have lower-case letters, digits and underscores")
        members[name] = _build(_schema(member, pointer), f"{pointer}/{name}", own)
    _check_scopes(members, pointer)
    return Record(pointer, is_personal=_is_personal(own), members=members)


def _check_scopes(members: dict[str, Field], pointer: str) -> None:
    for member in members.values():
        if not isinstance(member, Scalar):
            continue
        if member.scope and member.scope not in members:
            refuse(member.pointer, "x-hc-scope names no sibling")
        if member.condition is not None and member.condition.sibling not in members:
            refuse(member.pointer, "x-hc-keep-if names no sibling")


def _scalar(schema: JsonObject, pointer: str) -> Field:
    if "x-hc-class" not in schema:
        refuse(pointer, "x-hc-class is missing")
    own = str(schema["x-hc-class"])
    keep = str(schema.get("x-hc-keep", "keep" if own == "operational" else "drop"))
    _check_keep(schema, pointer, own, keep)
    decimal = schema.get("x-hc-decimal")
    condition = schema.get("x-hc-keep-if")
    if "number" in _types(schema, pointer) and decimal is None:
        refuse(pointer, "a number needs x-hc-decimal")
    return Scalar(
        pointer,
        is_personal=_is_personal(own),
        keep=keep,
        default=schema.get("default"),
        decimal=DecimalRule(decimal, pointer) if decimal is not None else None,
        is_time="x-hc-time" in schema,
        is_listed=bool(schema.keys() & {"enum", "const"}),
        is_phone=schema.get("x-hc-format") == "phone",
        domain=str(schema.get("x-hc-domain", "")),
        scope=str(schema.get("x-hc-scope", "")),
        condition=Condition(condition, pointer) if condition is not None else None,
    )


def _check_keep(schema: JsonObject, pointer: str, own: str, keep: str) -> None:
    if own == "secret" and keep not in ("drop", "mask"):
        refuse(pointer, "a secret is dropped or masked")
    if own != "operational" and keep == "keep" and not schema.get("x-hc-reason"):
        refuse(pointer, "x-hc-reason must say why this is kept")
    if keep == "year" and "x-hc-time" not in schema:
        refuse(pointer, "only an x-hc-time has a year")
    if "x-hc-format" in schema and _types(schema, pointer) != {"string"}:
        refuse(pointer, "x-hc-format belongs to a text")
    if (keep == "pseudonymize") is not bool(schema.get("x-hc-domain")):
        refuse(pointer, "x-hc-domain and pseudonymize go together")


def _types(schema: JsonObject, pointer: str) -> set[str]:
    declared = schema.get("type")
    types = {declared} if isinstance(declared, str) else set(words.names(declared, pointer))
    if types & {"object", "array"}:
        refuse(pointer, "an object needs properties, an array needs items")
    return types


def _is_personal(own: str) -> bool:
    return own in ("personal", "secret")
