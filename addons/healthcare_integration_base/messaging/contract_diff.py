# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a new version of a contract changes, field by field, and whom it concerns.

A change *breaks senders* when data that kept the old contract may be refused by the new one, or
when a field that they fill is no longer known. It *loosens* privacy when something about a person
may be kept that was not, or more openly than before.

Where it is not certain that a change is harmless it is told as breaking. Data are meant that
consist of fields which the old contract names: what it does not name was dropped from the
beginning, and may have any shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from . import contract_schema
from .contract_bounds import Bounds, accepted, narrowed_bounds
from .contract_privacy import Level, Privacy, level_of, new_field, shift
from .contract_words import ANNOTATIONS, FIELD_WORDS
from .event import JsonObject, JsonValue

Changes: TypeAlias = "Iterator[Change]"
VARIANTS = ("anyOf", "oneOf")
_COMPARED_APART = frozenset(
    {
        *("type", "properties", "required", "dependentRequired", "items", "enum", "const"),
        *("pattern", "format", "uniqueItems", "x-hc-decimal", "x-hc-time", *VARIANTS),
        *Bounds.WORDS,
    }
)
_ROOT_LISTS = ("x-hc-business-key", "x-hc-ordering-key")
_CATALOG = ("x-hc-data-domain", "x-hc-record")
"""Of the root: what the ownership matrix asks for, which no sender sees."""
_IGNORED = frozenset({"$schema", "$id", "$defs", "x-hc-type"}) | (ANNOTATIONS - {"default"})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions.

    :param pointer: JSON pointer of the field (RFC 6901), ``*`` for every item of an array
    :param what: stable name of the change, such as ``required_added``
    :param before: what the old version says, as a person may read it; "" for nothing
    :param privacy: stricter, looser, or neither
    """

    pointer: str
    what: str
    before: str = ""
    after: str = ""
    is_breaking: bool = False
    privacy: Privacy = Privacy.NONE


def compare(old: JsonObject | None, new: JsonObject) -> tuple[Change, ...]:
    """The changes from one version of a contract to the next, in the order of its fields.

    :param old: none for a first version: all of it is new then, and nothing breaks
    :raise ContractError: where one of them refers to a definition that is not there
    """
    after = contract_schema.inline(new)
    if old is None:
        return tuple(_added(after, "", Level.OPEN, required=False))
    before = contract_schema.inline(old)
    found = [*_root(before, after), *_node(before, after, "", Level.OPEN, Level.OPEN)]
    return tuple(dict.fromkeys(found))


def breaks_senders(changes: tuple[Change, ...]) -> bool:
    """Whether a sender of the old version has to change before it sends the new one."""
    return any(change.is_breaking for change in changes)


def loosens_privacy(changes: tuple[Change, ...]) -> bool:
    """Whether more about persons is kept than before: the privacy officer has a say."""
    return any(change.privacy is Privacy.LOOSER for change in changes)


# ------------------------------------------------------------------------------- the root


def _root(old: JsonObject, new: JsonObject) -> Changes:
    for word in _ROOT_LISTS:
        if old.get(word) != new.get(word):
            yield Change(
                "", word.removeprefix("x-hc-").replace("-", "_"), *_both(old, new, word), True
            )
    for word in _CATALOG:
        if old.get(word) != new.get(word):
            name = word.removeprefix("x-hc-").replace("-", "_")
            yield Change("", name, *_both(old, new, word))
    before, after = _names(old, "x-hc-source-optional"), _names(new, "x-hc-source-optional")
    for pointer in sorted(before - after):
        yield Change(pointer, "source_optional_removed", is_breaking=True)
    for pointer in sorted(after - before):
        yield Change(pointer, "source_optional_added")


# ------------------------------------------------------------------------------- one place


def _node(old: JsonObject, new: JsonObject, pointer: str, was: Level, now: Level) -> Changes:
    """Changes of the description of one value; ``was`` and ``now`` are what the containers say
    of its class."""
    was, now = level_of(old, was), level_of(new, now)
    if _is_choice(old) or _is_choice(new):
        yield from _choices(old, new, pointer, was, now)
        return
    yield from _plain(old, new, pointer)
    yield from _alternatives(old, new, pointer)
    yield from _members(old, new, pointer, was, now)
    yield from _items(old, new, pointer, was, now)
    if {"properties", "items"} & (old.keys() | new.keys()):
        yield from _whole(old, new, pointer, now)
    else:
        yield from _keeping(old, new, pointer, was, now)


def _plain(old: JsonObject, new: JsonObject, pointer: str) -> Changes:
    """Everything but what lies within."""
    yield from _values(old, new, pointer)
    for change, is_narrower in narrowed_bounds(old, new):
        yield Change(pointer, change.what, change.before, change.after, is_narrower)
    for word in ("pattern", "format"):
        if old.get(word) != new.get(word):
            yield Change(pointer, word, *_both(old, new, word), word in new)
    if old.get("x-hc-format") != new.get("x-hc-format"):
        # What is no telephone number is dropped then, and nobody is refused for it.
        yield Change(pointer, "x-hc-format", *_both(old, new, "x-hc-format"))
    for word in ("uniqueItems", "x-hc-time"):
        if bool(old.get(word)) is not bool(new.get(word)):
            yield Change(pointer, word, *_both(old, new, word), bool(new.get(word)))
    for word in sorted((old.keys() | new.keys()) - _COMPARED_APART - FIELD_WORDS - _IGNORED):
        is_unknown = word not in ("default", "x-hc-source-optional", *_ROOT_LISTS, *_CATALOG)
        if old.get(word) != new.get(word) and (is_unknown or word == "default"):
            yield Change(pointer, word, *_both(old, new, word), is_unknown)


def _values(old: JsonObject, new: JsonObject, pointer: str) -> Changes:
    """Types, and lists of values."""
    before, after = accepted(old), accepted(new)
    if before.types != after.types:
        is_narrower = not after.takes_types_of(before)
        what = "type_narrowed" if is_narrower else "type_widened"
        yield Change(pointer, what, *_both(old, new, "type"), is_narrower)
    if before.values != after.values:
        is_narrower = after.values is not None and (
            before.values is None or not before.values <= after.values
        )
        what = "enum_shrunk" if is_narrower else "enum_grown"
        yield Change(pointer, what, before.listed(), after.listed(), is_narrower)


def _members(old: JsonObject, new: JsonObject, pointer: str, was: Level, now: Level) -> Changes:
    before, after = _schemas(old, "properties"), _schemas(new, "properties")
    had, has = _names(old, "required"), _names(new, "required")
    for name, member in after.items():
        place = f"{pointer}/{name}"
        if name not in before:
            yield from _added(member, place, now, required=name in has)
        else:
            yield from _requirement(place, name in had, name in has)
            yield from _node(before[name], member, place, was, now)
    for name in before.keys() - after.keys():
        yield Change(f"{pointer}/{name}", "removed", is_breaking=True, privacy=Privacy.STRICTER)
    for name in (has - had) - after.keys():
        yield Change(f"{pointer}/{name}", "required_added", is_breaking=True)
    yield from _dependent(old, new, pointer)


def _requirement(pointer: str, was_required: bool, is_required: bool) -> Changes:
    if is_required and not was_required:
        yield Change(pointer, "required_added", is_breaking=True)
    if was_required and not is_required:
        yield Change(pointer, "required_dropped")


def _dependent(old: JsonObject, new: JsonObject, pointer: str) -> Changes:
    before, after = old.get("dependentRequired"), new.get("dependentRequired")
    if before != after:
        was = before if isinstance(before, dict) else {}
        now = after if isinstance(after, dict) else {}
        is_narrower = any(
            not set(_list(asked)) <= set(_list(was.get(n))) for n, asked in now.items()
        )
        yield Change(
            pointer, "dependentRequired", *_both(old, new, "dependentRequired"), is_narrower
        )


def _items(old: JsonObject, new: JsonObject, pointer: str, was: Level, now: Level) -> Changes:
    before, after = old.get("items"), new.get("items")
    place = f"{pointer}/*"
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _node(before, after, place, was, now)
    elif isinstance(after, dict):
        yield Change(place, "items_described", is_breaking=True, privacy=new_field(after, now))
    elif isinstance(before, dict):
        yield Change(place, "removed", is_breaking=True, privacy=Privacy.STRICTER)


def _added(member: JsonObject, pointer: str, inherited: Level, *, required: bool) -> Changes:
    """A field that the old version does not name, with all that is in it."""
    own = level_of(member, inherited)
    inner = [(f"{pointer}/{name}", one) for name, one in _schemas(member, "properties").items()]
    items = member.get("items")
    if isinstance(items, dict):
        inner.append((f"{pointer}/*", items))
    inner += [(pointer, one) for one in _descriptions(member) if one is not member]
    if pointer:
        kept = Privacy.NONE if inner else new_field(member, own)
        what = "required_added" if required else "added"
        yield Change(pointer, what, "", _type(member), required, kept)
    if member.get("x-hc-keep") != "drop":
        for place, one in inner:
            for change in _added(one, place, own, required=False):
                if change.privacy is not Privacy.NONE or not pointer:
                    yield change


# ------------------------------------------------------------------------------- alternatives


def _is_described(one: JsonValue) -> bool:
    """Whether an alternative describes a value, and does not only ask for members."""
    return isinstance(one, dict) and one.keys() != {"required"}


def _is_choice(schema: JsonObject) -> bool:
    return any(_is_described(one) for word in VARIANTS for one in _list(schema.get(word)))


def _choices(old: JsonObject, new: JsonObject, pointer: str, was: Level, now: Level) -> Changes:
    """A value of one of several descriptions. Each old one has to be found among the new ones.

    Descriptions of different types exclude each other, so that ``oneOf`` is as good as ``anyOf``
    for them; where a type is missing, more than one may fit, and that is told as breaking.
    """
    yield from _beside(old, new, pointer, was, now)
    before, after = _descriptions(old), _descriptions(new)
    if before != after and not all("type" in one for one in after if "oneOf" in new):
        yield Change(pointer, "alternatives", is_breaking=True)
    unmatched = list(range(len(after)))
    for one in before:
        changes, index = _best(one, after, pointer, was, now)
        yield from changes
        if index in unmatched:
            unmatched.remove(index)
    for index in unmatched:
        privacy = _first_privacy(_added(after[index], pointer or "/", now, required=False))
        yield Change(pointer, "alternative_added", "", _type(after[index]), privacy=privacy)


def _beside(old: JsonObject, new: JsonObject, pointer: str, was: Level, now: Level) -> Changes:
    """What is said of a value beside its descriptions."""
    before, after = _without_variants(old), _without_variants(new)
    if not _is_choice(old):
        after = {**before, **after}
    if _is_choice(new):
        yield from _plain(before, after, pointer)
        yield from _members(before, after, pointer, was, now)
    if {*VARIANTS} <= old.keys() | new.keys() and any(old.get(w) != new.get(w) for w in VARIANTS):
        yield Change(pointer, "alternatives", is_breaking=True)


def _without_variants(schema: JsonObject) -> JsonObject:
    return {name: value for name, value in schema.items() if name not in VARIANTS}


def _descriptions(schema: JsonObject) -> list[JsonObject]:
    if not _is_choice(schema):
        return [schema]
    listed = schema.get("anyOf", schema.get("oneOf"))
    return [one for one in _list(listed) if isinstance(one, dict)]


def _best(
    one: JsonObject, after: list[JsonObject], pointer: str, was: Level, now: Level
) -> tuple[list[Change], int]:
    """The new description that takes what the old one took, or the nearest; its changes."""
    found = [(list(_node(one, other, pointer, was, now)), i) for i, other in enumerate(after)]
    found.sort(key=lambda pair: sum(change.is_breaking for change in pair[0]))
    changes, index = found[0]
    if any(change.what == "type_narrowed" and change.pointer == pointer for change in changes):
        gone = Change(pointer, "alternative_removed", _type(one), "", True, Privacy.STRICTER)
        return [gone], -1
    return changes, index


def _first_privacy(changes: Changes) -> Privacy:
    found = {change.privacy for change in changes}
    return Privacy.LOOSER if Privacy.LOOSER in found else Privacy.NONE


def _alternatives(old: JsonObject, new: JsonObject, pointer: str) -> Changes:
    """Alternatives that only ask for members: ``{"required": […]}``."""
    for word in VARIANTS:
        if old.get(word) != new.get(word):
            is_narrower = word in new and not (word == "anyOf" and _still_met(old, new))
            yield Change(pointer, "alternatives", *_both(old, new, word), is_narrower)


def _still_met(old: JsonObject, new: JsonObject) -> bool:
    """Whether whoever has met one of the old demands meets one of the new."""
    if "anyOf" not in old:
        return False
    demands = [_names(one, "required") for one in _list(new["anyOf"]) if isinstance(one, dict)]
    return all(
        isinstance(one, dict) and any(demand <= _names(one, "required") for demand in demands)
        for one in _list(old["anyOf"])
    )


# ------------------------------------------------------------------------------- what is kept


def _whole(old: JsonObject, new: JsonObject, pointer: str, now: Level) -> Changes:
    """An object or array that is dropped as a whole, and was not, or the reverse."""
    was_dropped, is_dropped = (one.get("x-hc-keep") == "drop" for one in (old, new))
    if was_dropped is not is_dropped:
        privacy = (
            Privacy.STRICTER
            if is_dropped
            else _first_privacy(_added(new, "/", now, required=False))
        )
        yield Change(pointer, "x-hc-keep", *_both(old, new, "x-hc-keep"), privacy=privacy)


def _keeping(old: JsonObject, new: JsonObject, pointer: str, was: Level, now: Level) -> Changes:
    for found in shift(old, new, was, now):
        yield Change(pointer, found.word, found.before, found.after, privacy=found.privacy)


# ------------------------------------------------------------------------------- small things


def _both(old: JsonObject, new: JsonObject, word: str) -> tuple[str, str]:
    return _told(old, word), _told(new, word)


def _told(schema: JsonObject, word: str) -> str:
    if word not in schema:
        return ""
    value = schema[word]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _type(schema: JsonObject) -> str:
    return _told(schema, "type") or accepted(schema).listed()


def _schemas(schema: JsonObject, word: str) -> dict[str, JsonObject]:
    found = schema.get(word)
    members = found.items() if isinstance(found, dict) else ()
    return {name: one for name, one in members if isinstance(one, dict)}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _names(schema: JsonObject, word: str) -> set[str]:
    return {name for name in _list(schema.get(word)) if isinstance(name, str)}
