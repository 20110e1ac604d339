# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A contract: what a message type may hold, and what of it may be kept."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NoReturn, cast

import jsonschema_rs

from . import contract_schema
from .contract_fields import GONE, Field, Place, Record, Scalar, Walk, persons_in
from .contract_targets import Target, targets
from .contract_words import ContractError, check_root, names, refuse
from .errors import FieldError, MessageError
from .event import JsonObject, JsonValue
from .field_policy import has_phones, restricted
from .keyring import KeyRing
from .phone import NOWHERE, Phones

MAX_ERRORS = 50
EVENT_ID = "$id"


@dataclass(frozen=True, slots=True)
class Minimized:
    """What may be stored. ``dropped`` counts by pointer, members without a name in the
    contract under ``*``; ``personal`` are the values to look for elsewhere; ``places`` is
    where texts were kept that could equal one of them."""

    data: JsonObject
    dropped: dict[str, int]
    personal: frozenset[str]
    places: tuple[Place, ...]


class Contract:
    """Compiled once, used for every message of its type.

    :raise ContractError: when the schema does not say of every field what may be kept.
    """

    def __init__(self, schema: JsonObject) -> None:
        check_root(schema)
        self.schema = schema
        self.type = str(schema["x-hc-type"])
        body = contract_schema.inline(schema)
        optional = names(schema.get("x-hc-source-optional"), "x-hc-source-optional")
        self._root = contract_schema.build_root(body)
        self._strict = _validator(body)
        self._relaxed = _validator(contract_schema.relaxed(body, optional)) if optional else None
        self.business_key = self._key_parts("x-hc-business-key")
        self.ordering_key = self._key_parts("x-hc-ordering-key")
        self.policy_version = 0
        self._phones = NOWHERE
        self.data_domain = cast("str | None", schema.get("x-hc-data-domain"))
        self.record = self._record()

    def check(self, data: JsonValue, *, relaxed: bool = False) -> JsonObject:
        """The named fields in canonical form.

        :param relaxed: the event came from a standard that leaves some fields optional
        :raise MessageError: ``contract_invalid`` with everything that is wrong
        """
        validator = self._relaxed if relaxed and self._relaxed is not None else self._strict
        broken: list[FieldError] = []
        try:
            is_valid = validator.is_valid(data)
            if not is_valid:
                broken = [*map(_field_error, islice(validator.iter_errors(data), MAX_ERRORS))]
        except (ValueError, RecursionError):  # half a surrogate pair, nested without end
            raise MessageError("contract_invalid", errors=[FieldError("", "encoding")]) from None
        named = self._root.normalize(data, "", broken)
        if not is_valid or broken or not isinstance(named, dict):
            unique = tuple(dict.fromkeys(broken))[:MAX_ERRORS]
            raise MessageError("contract_invalid", errors=unique)
        return named

    def named(self, data: JsonObject) -> JsonValue:
        """The named fields of data that need not be valid, in canonical form as far as they
        have one."""
        return self._root.normalize(data, "", [])

    @cached_property
    def targets(self) -> dict[str, Target]:
        """The fields that a mapping may fill, by pointer."""
        return targets(self.schema)

    @property
    def persons(self) -> frozenset[str]:
        """Members of the data that are about persons."""
        return frozenset(name for name, one in self._root.members.items() if one.is_personal)

    def personal(self, data: JsonObject) -> frozenset[str]:
        """What stands in the personal fields of data, checked or not."""
        return frozenset(persons_in(self._root, data))

    @property
    def fields(self) -> Record:
        """The data as a whole, with its fields."""
        return self._root

    @cached_property
    def keys(self) -> frozenset[str]:
        """Pointers of what tells messages apart, or puts them in order."""
        parts = (*self.business_key, *self.ordering_key)
        return frozenset(f"/{name}" for part in parts for name in part if name != EVENT_ID)

    @cached_property
    def has_phones(self) -> bool:
        """Whether a field is a telephone number."""
        return has_phones(self._root)

    def under(
        self, rules: Mapping[str, str], version: int = 0, phones: Phones = NOWHERE
    ) -> Contract:
        """The contract as one channel has it: nothing but minimization differs.

        Made once for each channel, so that a policy costs nothing with each event.

        :param rules: pointer -> own rule; what is looser than the contract's has no effect, and
            neither has one about a key
        :param version: of the policy, kept with each message; 0: none
        """
        other = copy.copy(self)
        own = {pointer: rule for pointer, rule in rules.items() if pointer not in self.keys}
        other._root = cast(Record, restricted(self._root, own, self.type.rpartition(".")[0]))
        other.policy_version = version
        other._phones = phones
        return other

    def walk(self, named: JsonObject, keyring: KeyRing) -> Walk:
        """What a minimization of the checked data gathers."""
        return Walk(keyring, self._phones, named)

    def minimize(self, named: JsonObject, raw: JsonObject, keyring: KeyRing) -> Minimized:
        """What of the checked data may be kept; ``raw`` is the data as it came."""
        walk = self.walk(named, keyring)
        kept = self._root.minimize(named, raw, {}, walk)
        data = kept if kept is not GONE and isinstance(kept, dict) else {}
        return Minimized(data, walk.dropped, frozenset(walk.personal), tuple(walk.places))

    @property
    def members(self) -> frozenset[str]:
        """Names of the data's members."""
        return frozenset(self._root.members)

    def _record(self) -> tuple[str, ...]:
        """Members that together name the record which a message is about."""
        found = names(self.schema.get("x-hc-record"), "x-hc-record")
        for name in found:
            if name not in self._root.members:
                refuse("x-hc-record", f"{name} is no member of the data")
        return found

    def _key_parts(self, word: str) -> tuple[tuple[str, ...], ...]:
        """``["facility", "transaction|$id"]``: parts, each with its alternatives."""
        parts = tuple(tuple(part.split("|")) for part in names(self.schema.get(word), word))
        for name in (name for part in parts for name in part if name != EVENT_ID):
            if not _is_kept(self._root, name):
                refuse(word, f"{name} is no operational value that is kept")
        return parts


def _is_kept(root: Record, name: str) -> bool:
    field: Field | None = root.members.get(name)
    if not isinstance(field, Scalar) or field.is_personal or field.condition is not None:
        return False
    return field.keep == "keep"


def _validator(schema: JsonObject) -> jsonschema_rs.Draft202012Validator:
    """Nothing is fetched; patterns run in linear time; errors show no value."""
    try:
        return jsonschema_rs.Draft202012Validator(
            cast(dict[str, Any], schema),
            retriever=_deny,
            pattern_options=jsonschema_rs.RegexOptions(),
            mask="*",
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise ContractError(f"not a JSON Schema: {error}") from error


def _deny(_uri: str) -> NoReturn:
    raise ContractError("a contract refers to nothing outside of itself")


def _field_error(error: jsonschema_rs.ValidationError) -> FieldError:
    """Paths lead through fields of the contract only: it has no other way to describe one."""
    path = [str(part) for part in error.instance_path]
    rule = error.kind.name
    if rule == "required":
        path.append(str(error.kind.as_dict()["property"]))
    return FieldError("".join(f"/{part}" for part in path), rule)
