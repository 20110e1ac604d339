# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The fields of a contract: each brings its value into canonical form, and minimizes it."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from .contract_words import Condition, DecimalRule
from .errors import FieldError
from .event import JsonObject, JsonValue
from .keyring import KeyRing
from .phone import NOWHERE, Phones
from .reductions import reduced
from .values import canonical_decimal, canonical_time, parse_decimal

UNNAMED = "*"


class _Gone(Enum):
    GONE = 0


GONE: Final = _Gone.GONE
Kept: TypeAlias = JsonValue | Literal[_Gone.GONE]
# An object or array, the member or index, and the text there.
Place: TypeAlias = tuple[Any, str | int, str]


class Walk:
    """What one minimization gathers on its way.

    :param data: the whole that is minimized; names the facility that numbers are dialled from
    """

    __slots__ = ("data", "dropped", "keyring", "personal", "phones", "places")

    def __init__(
        self, keyring: KeyRing, phones: Phones = NOWHERE, data: JsonObject | None = None
    ) -> None:
        self.keyring = keyring
        self.phones = phones
        self.data = data or {}
        self.dropped: dict[str, int] = {}
        self.personal: set[str] = set()
        # Where texts were kept that might name a person after all.
        self.places: list[Place] = []

    def drop(self, pointer: str, count: int = 1) -> None:
        self.dropped[pointer] = self.dropped.get(pointer, 0) + count

    def collect(self, value: JsonValue) -> None:
        """Remember every text and number within as personal."""
        self.personal.update(texts_of(value))

    def e164(self, text: str) -> str | None:
        """A telephone number in its one form; none if it is no number."""
        return self.phones.e164(text, self.data.get("facility"))


def texts_of(value: JsonValue) -> Iterator[str]:
    """Every text and number within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield str(value)


class Field(ABC):
    """``pointer`` is without array indexes."""

    __slots__ = ("default", "is_kept", "is_personal", "is_plain", "pointer", "scrubs")

    def __init__(self, pointer: str, *, is_personal: bool, default: JsonValue = None) -> None:
        self.pointer = pointer
        self.is_personal = is_personal
        self.default = default
        self.scrubs = False
        # Short cuts for the most frequent fields: a text is its own canonical form; what is
        # canonical is kept as it is.
        self.is_plain = False
        self.is_kept = False

    @abstractmethod
    def normalize(self, value: JsonValue, path: str, errors: list[FieldError]) -> JsonValue:
        """The canonical form of a value, with nothing in it that the contract does not name.

        A value of the wrong type is given back as it is: the validator reports it.
        """

    @abstractmethod
    def minimize(self, value: JsonValue, raw: JsonValue, siblings: JsonObject, walk: Walk) -> Kept:
        """What may be kept of a canonical value; ``raw`` is what the sender wrote there."""


class Dropped(Field):
    """Named so that it is known, of any shape, never kept."""

    __slots__ = ()

    def normalize(self, value: JsonValue, path: str, errors: list[FieldError]) -> JsonValue:
        return value

    def minimize(self, value: JsonValue, raw: JsonValue, siblings: JsonObject, walk: Walk) -> Kept:
        walk.drop(self.pointer)
        if self.is_personal:
            walk.collect(value)
        return GONE


class Scalar(Field):
    """A text, number or truth value."""

    __slots__ = (
        *("condition", "decimal", "domain", "is_listed", "is_phone", "is_time", "keep", "scope"),
    )

    def __init__(
        self,
        pointer: str,
        *,
        is_personal: bool,
        keep: str,
        default: JsonValue = None,
        decimal: DecimalRule | None = None,
        is_time: bool = False,
        is_listed: bool = False,
        is_phone: bool = False,
        domain: str = "",
        scope: str = "",
        condition: Condition | None = None,
    ) -> None:
        super().__init__(pointer, is_personal=is_personal, default=default)
        self.condition = condition
        self.decimal = decimal
        self.is_time = is_time
        self.is_listed = is_listed
        self.is_phone = is_phone
        self.is_plain = not (decimal or is_time)
        self._follow(keep, domain, scope)

    def _follow(self, keep: str, domain: str, scope: str) -> None:
        self.keep = keep
        self.domain = domain
        self.scope = scope
        self.is_kept = keep == "keep" and self.condition is None and not self.is_phone
        self.scrubs = keep == "keep" and self.is_plain and not self.is_listed

    def under(self, keep: str, domain: str) -> Scalar:
        """The same field with another rule.

        :param domain: of its pseudonyms, where the contract has none for it
        """
        other = copy.copy(self)
        other._follow(keep, self.domain or domain, self.scope)
        return other

    def normalize(self, value: JsonValue, path: str, errors: list[FieldError]) -> JsonValue:
        if self.decimal is not None:
            return self._decimal(self.decimal, value, path, errors)
        if self.is_time and isinstance(value, str):
            return self._time(value, path, errors)
        if isinstance(value, Decimal) and value == value.to_integral_value():
            return int(value)
        return value

    def _decimal(
        self, rule: DecimalRule, value: JsonValue, path: str, errors: list[FieldError]
    ) -> JsonValue:
        number = parse_decimal(value)
        if number is None:
            if isinstance(value, str):
                errors.append(FieldError(path, "pattern"))
            return value
        text = canonical_decimal(number)
        broken = rule.broken(number, text)
        if broken:
            errors.append(FieldError(path, broken))
        return text

    def _time(self, value: str, path: str, errors: list[FieldError]) -> JsonValue:
        text = canonical_time(value)
        if text is None:
            errors.append(FieldError(path, "format"))
        return text

    def minimize(self, value: JsonValue, raw: JsonValue, siblings: JsonObject, walk: Walk) -> Kept:
        if self.condition is not None and not self.condition.holds(siblings):
            return self._dropped(value, raw, walk)
        if self.keep == "drop":
            return self._dropped(value, raw, walk)
        number = walk.e164(str(value)) if self.is_phone else None
        if self.keep == "keep":
            if self.is_phone and number is None:  # whatever stands there, it is no number
                return self._dropped(value, raw, walk)
            return value if number is None else number
        self._collect(value, raw, walk)
        return self._reduced(str(value) if number is None else number, siblings, walk)

    def _dropped(self, value: JsonValue, raw: JsonValue, walk: Walk) -> Kept:
        self._collect(value, raw, walk)
        walk.drop(self.pointer)
        return GONE

    def _collect(self, value: JsonValue, raw: JsonValue, walk: Walk) -> None:
        if self.is_personal:
            walk.collect(value)
            if raw != value:
                walk.collect(raw)

    def _reduced(self, text: str, siblings: JsonObject, walk: Walk) -> Kept:
        if self.keep == "pseudonymize":
            scope = siblings.get(self.scope) if self.scope else None
            return walk.keyring.pseudonym(self.domain, text, "" if scope is None else str(scope))
        return reduced(self.keep, text)


class Record(Field):
    """An object with named members."""

    __slots__ = ("members",)

    def __init__(self, pointer: str, *, is_personal: bool, members: dict[str, Field]) -> None:
        super().__init__(pointer, is_personal=is_personal)
        self.members = members

    def normalize(self, value: JsonValue, path: str, errors: list[FieldError]) -> JsonValue:
        if not isinstance(value, dict):
            return value
        result: JsonObject = {}
        for name, member in self.members.items():
            if name in value:
                item = value[name]
                if not (member.is_plain and isinstance(item, str)):
                    item = member.normalize(item, f"{path}/{name}", errors)
                result[name] = item
            elif member.default is not None:
                result[name] = member.default
        return result

    def minimize(self, value: JsonValue, raw: JsonValue, siblings: JsonObject, walk: Walk) -> Kept:
        if not isinstance(value, dict):
            return GONE
        source = raw if isinstance(raw, dict) else {}
        self._drop_unnamed(source, walk)
        result: JsonObject = {}
        for name, item in value.items():
            member = self.members[name]
            kept = item if member.is_kept else member.minimize(item, source.get(name), value, walk)
            if kept is not GONE:
                result[name] = kept
                if member.scrubs and isinstance(kept, str):
                    walk.places.append((result, name, kept))
        return result or GONE

    def _drop_unnamed(self, source: JsonObject, walk: Walk) -> None:
        unnamed = source.keys() - self.members.keys()
        if unnamed:
            walk.drop(UNNAMED, len(unnamed))
            if self.is_personal:
                walk.collect([source[name] for name in unnamed])


class Sequence(Field):
    """An array of one kind of item."""

    __slots__ = ("item",)

    def __init__(self, pointer: str, *, item: Field) -> None:
        super().__init__(pointer, is_personal=item.is_personal)
        self.item = item

    def normalize(self, value: JsonValue, path: str, errors: list[FieldError]) -> JsonValue:
        if not isinstance(value, list):
            return value
        return [
            self.item.normalize(item, f"{path}/{index}", errors) for index, item in enumerate(value)
        ]

    def minimize(self, value: JsonValue, raw: JsonValue, siblings: JsonObject, walk: Walk) -> Kept:
        if not isinstance(value, list):
            return GONE
        source = raw if isinstance(raw, list) else []
        result: list[JsonValue] = []
        for index, item in enumerate(value):
            kept = self.item.minimize(
                item, source[index] if index < len(source) else None, siblings, walk
            )
            if kept is not GONE:
                result.append(kept)
                if self.item.scrubs and isinstance(kept, str):
                    walk.places.append((result, len(result) - 1, kept))
        return result if result or not value else GONE


class Choice(Field):
    """At most one field each for an object, an array and a plain value."""

    __slots__ = ("fields",)

    def __init__(self, pointer: str, fields: dict[type[Field], Field]) -> None:
        super().__init__(pointer, is_personal=any(f.is_personal for f in fields.values()))
        self.fields = fields
        self.scrubs = any(field.scrubs for field in fields.values())

    def normalize(self, value: JsonValue, path: str, errors: list[FieldError]) -> JsonValue:
        field = self.field_of(value)
        return value if field is None else field.normalize(value, path, errors)

    def minimize(self, value: JsonValue, raw: JsonValue, siblings: JsonObject, walk: Walk) -> Kept:
        field = self.field_of(value)
        return GONE if field is None else field.minimize(value, raw, siblings, walk)

    def field_of(self, value: JsonValue) -> Field | None:
        """The one that describes a value."""
        if isinstance(value, dict):
            return self.fields.get(Record)
        return self.fields.get(Sequence if isinstance(value, list) else Scalar)


def persons_in(field: Field, value: JsonValue) -> Iterator[str]:
    """What stands in personal fields, of data that need not be valid."""
    if field.is_personal:
        yield from texts_of(value)
    elif isinstance(field, Record) and isinstance(value, dict):
        for name, member in field.members.items():
            yield from persons_in(member, value.get(name))
    elif isinstance(field, Sequence) and isinstance(value, list):
        for item in value:
            yield from persons_in(field.item, item)
