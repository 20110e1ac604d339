# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The words that a contract is written in, and what each of them may say.

Beside the words of JSON Schema that keep every error pointer inside the contract (no
pattern for member names, no remote reference) there are ours:

``x-hc-class``     operational, personal, clinical or secret; on every value
``x-hc-keep``      keep, drop, pseudonymize, mask, year or last4; without it operational
                   values are kept and all others dropped
``x-hc-reason``    why a value that is not operational is kept as it is
``x-hc-domain``    whose pseudonyms these are, such as patient
``x-hc-scope``     sibling that is mixed into the pseudonym, such as authority
``x-hc-decimal``   {"minimum"|"exclusiveMinimum", "digits", "places"} of a number, or of a
                   number in a string
``x-hc-time``      a date, or a date-time with or without offset
``x-hc-format``    phone: a telephone number, kept and pseudonymized in the form of E.164
``x-hc-keep-if``   {sibling: [values]}: kept only beside one of these values, else dropped

and of the contract as a whole

``x-hc-data-domain``  which data it is about, such as item: row of the ownership matrix
``x-hc-record``       members that together name the record which the message is about
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NoReturn

from .event import JsonObject, JsonValue

CLASSES = frozenset({"operational", "personal", "clinical", "secret"})
KEEPS = frozenset({"keep", "drop", "pseudonymize", "mask", "year", "last4"})
FORMATS = frozenset({"phone"})
ROOT_WORDS = frozenset(
    {
        *("x-hc-type", "x-hc-business-key", "x-hc-ordering-key", "x-hc-source-optional"),
        *("x-hc-data-domain", "x-hc-record"),
    }
)
FIELD_WORDS = frozenset(
    {
        "x-hc-class",
        "x-hc-keep",
        "x-hc-reason",
        "x-hc-domain",
        "x-hc-scope",
        "x-hc-decimal",
        "x-hc-time",
        "x-hc-format",
        "x-hc-keep-if",
    }
)
ANNOTATIONS = frozenset({"title", "description", "examples", "default", "$comment", "deprecated"})
ASSERTIONS = frozenset(
    {
        *("type", "properties", "required", "dependentRequired", "items", "anyOf", "oneOf"),
        *("enum", "const", "pattern", "format", "minLength", "maxLength"),
        *("minItems", "maxItems", "uniqueItems", "minProperties"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    }
)
ROOT_KEYWORDS = frozenset({"$schema", "$id", "$defs"})
DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
TYPE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+\.v[0-9]+", re.ASCII)


class ContractError(ValueError):
    """A contract that says too little or too much; the sentence names the field."""


def refuse(pointer: str, sentence: str) -> NoReturn:
    raise ContractError(f"{pointer or '/'}: {sentence}")


def check_words(schema: Mapping[str, object], pointer: str) -> None:
    """Only known words, with known values."""
    unknown = schema.keys() - ASSERTIONS - ANNOTATIONS - FIELD_WORDS
    if unknown:
        refuse(pointer, f"unknown word {sorted(unknown)[0]}")
    if schema.get("x-hc-class", "operational") not in CLASSES:
        refuse(pointer, "unknown x-hc-class")
    if schema.get("x-hc-keep", "keep") not in KEEPS:
        refuse(pointer, "unknown x-hc-keep")
    for word in ("x-hc-domain", "x-hc-scope", "x-hc-reason"):
        if not isinstance(schema.get(word, "text"), str):
            refuse(pointer, f"{word} must be text")
    if schema.get("x-hc-time", True) is not True:
        refuse(pointer, "x-hc-time can only be true")
    if schema.get("x-hc-format", "phone") not in FORMATS:
        refuse(pointer, "unknown x-hc-format")


def check_root(schema: JsonObject) -> None:
    known = ASSERTIONS | ANNOTATIONS | ROOT_WORDS | ROOT_KEYWORDS
    unknown = schema.keys() - known
    if unknown:
        refuse("", f"unknown word {sorted(unknown)[0]}")
    if schema.get("$schema") != DIALECT:
        refuse("", f"$schema must be {DIALECT}")
    name = schema.get("x-hc-type")
    if not isinstance(name, str) or not TYPE.fullmatch(name):
        refuse("", "x-hc-type must read like supply.consumed.v1")
    if schema.get("type") != "object":
        refuse("", "a contract describes an object")
    domain = schema.get("x-hc-data-domain", "any")
    if not isinstance(domain, str) or not NAME.fullmatch(domain):
        refuse("x-hc-data-domain", "is one word, such as item")


def names(value: JsonValue, pointer: str) -> tuple[str, ...]:
    """A list of texts, empty where there is none."""
    if value is None:
        return ()
    if not isinstance(value, list):
        refuse(pointer, "a list of names is due here")
    return tuple(item if isinstance(item, str) else refuse(pointer, "not a name") for item in value)


class Condition:
    """Beside which value of a sibling something may be kept."""

    __slots__ = ("sibling", "values")

    def __init__(self, word: JsonValue, pointer: str) -> None:
        if not isinstance(word, dict) or len(word) != 1:
            refuse(pointer, "x-hc-keep-if names one sibling")
        ((self.sibling, listed),) = word.items()
        self.values = frozenset(names(listed, pointer))

    def holds(self, siblings: JsonObject) -> bool:
        value = siblings.get(self.sibling)
        return isinstance(value, str) and value in self.values


class DecimalRule:
    """Bounds of one decimal."""

    __slots__ = ("digits", "exclusive", "minimum", "places")

    def __init__(self, word: JsonValue, pointer: str) -> None:
        if not isinstance(word, dict) or not word.keys() <= {
            "minimum",
            "exclusiveMinimum",
            "digits",
            "places",
        }:
            refuse(pointer, "unknown x-hc-decimal")
        self.exclusive = "exclusiveMinimum" in word
        bound = word.get("exclusiveMinimum", word.get("minimum"))
        self.minimum = None if bound is None else Decimal(str(bound))
        self.digits = _count(word.get("digits", 18), pointer)
        self.places = _count(word.get("places", 6), pointer)

    def broken(self, value: Decimal, text: str) -> str | None:
        """The rule that a value breaks; ``text`` is its canonical form."""
        if self.minimum is not None:
            if self.exclusive and value <= self.minimum:
                return "exclusiveMinimum"
            if not self.exclusive and value < self.minimum:
                return "minimum"
        whole, _point, fraction = text.lstrip("-").partition(".")
        if len(fraction) > self.places:
            return "places"
        return "digits" if len(whole) + len(fraction) > self.digits else None


def _count(value: JsonValue, pointer: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 30:
        refuse(pointer, "x-hc-decimal counts at most 30 digits")
    return value
