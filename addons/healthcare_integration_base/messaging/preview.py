# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What becomes of each value of one event, beside the value; lives in memory only.

The fields decide, by the very code that minimizes: here is only told what they did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .contract import Contract
from .contract_fields import GONE, UNNAMED, Choice, Field, Kept, Record, Scalar, Sequence, Walk
from .event import Event, JsonObject, JsonValue
from .intake import Prepared, prepare
from .keyring import KeyRing
from .mapping import Mapped, Table

ATTRIBUTES = ("id", "source", "subject", "correlation_id", "causation_id")
_STORED = {
    "id": "message_identifier",
    "correlation_id": "correlation_identifier",
    "causation_id": "causation_identifier",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One value.

    :param path: where it is, with indexes: ``/lines/0/lot``
    :param field: the contract's pointer; ``*`` where it names none
    :param raw: as it came, as text; none where it came from the contract's default
    :param kept: as it is kept, as text; none where it is not
    :param rule: what was done: a rule, or ``surrogate``, ``default``, ``form``, ``unnamed``,
        ``condition``, ``no_phone``
    """

    path: str
    field: str
    raw: str | None
    kept: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class Preview:
    """One event: its attributes, its values, and what the ledger would have of it."""

    prepared: Prepared
    attributes: tuple[Shown, ...]
    values: tuple[Shown, ...]


def preview(event: Event, contract: Contract, keyring: KeyRing, table: Table | None) -> Preview:
    """Minimize an event, and tell what was done.

    :raise MessageError: where the event would be refused
    """
    prepared = prepare(event, contract, keyring, channel_key="preview", table=table)
    mapped = table.apply(event, contract) if table else Mapped(event.data)
    named = contract.check(mapped.data, relaxed=event.relaxed)
    walk = contract.walk(named, keyring)
    told = list(_told(contract.fields, named, mapped.data, {}, walk, ""))
    values = (_as_kept(one, prepared.payload) for one in told)
    return Preview(prepared, tuple(_attributes(event, prepared)), tuple(values))


def _attributes(event: Event, prepared: Prepared) -> Iterator[Shown]:
    for name in ATTRIBUTES:
        raw = getattr(event, name)
        kept = getattr(prepared, _STORED.get(name, name))
        if raw is not None:
            yield Shown(name, name, raw, kept, "keep" if raw == kept else "surrogate")


@dataclass(frozen=True, slots=True)
class _Told:
    """A value, and the way to where it is kept: indexes there skip what is gone."""

    shown: Shown
    way: tuple[str | int, ...]


def _as_kept(told: _Told, payload: JsonObject) -> Shown:
    """Scrubbing comes last: a kept text that names a person is a surrogate by then."""
    shown = told.shown
    if shown.kept is None:
        return shown
    found: JsonValue = payload
    for step in told.way:
        found = found[step]  # type: ignore[index]
    kept = as_text(found)
    rule = shown.rule if kept == shown.kept else "surrogate"
    return Shown(shown.path, shown.field, shown.raw, kept, rule)


def _told(
    field: Field,
    value: JsonValue,
    raw: JsonValue,
    siblings: JsonObject,
    walk: Walk,
    path: str,
    way: tuple[str | int, ...] = (),
) -> Iterator[_Told]:
    if isinstance(field, Choice):
        field = field.field_of(value) or field
    if isinstance(field, Record) and isinstance(value, dict):
        yield from _record(field, value, raw, walk, path, way)
    elif isinstance(field, Sequence) and isinstance(value, list):
        yield from _sequence(field, value, raw, siblings, walk, path, way)
    else:
        kept = field.minimize(value, raw, siblings, walk)
        yield _Told(_shown(field, value, raw, kept, siblings, path), way)


def _record(
    field: Record,
    value: JsonObject,
    raw: JsonValue,
    walk: Walk,
    path: str,
    way: tuple[str | int, ...],
) -> Iterator[_Told]:
    source = raw if isinstance(raw, dict) else {}
    for name, item in value.items():
        member = field.members[name]
        yield from _told(
            member, item, source.get(name), value, walk, f"{path}/{name}", (*way, name)
        )
    for name in source.keys() - field.members.keys():
        text = as_text(source[name])
        yield _Told(Shown(f"{path}/{name}", UNNAMED, text, None, "unnamed"), way)


def _sequence(
    field: Sequence,
    value: list[JsonValue],
    raw: JsonValue,
    siblings: JsonObject,
    walk: Walk,
    path: str,
    way: tuple[str | int, ...],
) -> Iterator[_Told]:
    source = raw if isinstance(raw, list) else []
    place = 0
    for index, item in enumerate(value):
        own = source[index] if index < len(source) else None
        yield from _told(field.item, item, own, siblings, walk, f"{path}/{index}", (*way, place))
        place += field.item.minimize(item, own, siblings, walk) is not GONE


def _shown(
    field: Field, value: JsonValue, raw: JsonValue, kept: Kept, siblings: JsonObject, path: str
) -> Shown:
    text = None if raw is None else as_text(raw)
    if kept is GONE:
        return Shown(path, field.pointer, text, None, _why_gone(field, siblings))
    rule = field.keep if isinstance(field, Scalar) else "keep"
    result = as_text(kept)
    if rule == "keep" and text != result:
        rule = "default" if raw is None else "form"
    return Shown(path, field.pointer, text, result, rule)


def _why_gone(field: Field, siblings: JsonObject) -> str:
    if not isinstance(field, Scalar) or field.keep == "drop":
        return "drop"
    if field.condition is not None and not field.condition.holds(siblings):
        return "condition"
    return "no_phone"


def as_text(value: object) -> str:
    """As a person reads it; objects and lists in one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {as_text(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    return str(value)
