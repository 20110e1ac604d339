# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What two versions of a contract keep about persons, and which of them keeps more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum

from .event import JsonObject


class Privacy(Enum):
    """In which direction a change goes."""

    NONE = ""
    STRICTER = "stricter"
    LOOSER = "looser"


class Level(IntEnum):
    """Classes by how much they ask for. What is personal is also looked for elsewhere in its
    message, what is clinical is not."""

    OPEN = 0
    CLINICAL = 1
    PERSONAL = 2
    SECRET = 3


_LEVELS = {
    "operational": Level.OPEN,
    "clinical": Level.CLINICAL,
    "personal": Level.PERSONAL,
    "secret": Level.SECRET,
}
_OPENNESS = {"drop": 0, "mask": 1, "pseudonymize": 2, "year": 2, "last4": 2, "keep": 3}
"""How much is left of a value. Of what is in the middle no one is stricter than the other: a
change among them is told as looser, so that somebody looks at it."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One word about what is kept, before and after."""

    word: str
    before: str
    after: str
    privacy: Privacy


def level_of(schema: JsonObject, inherited: Level) -> Level:
    """The class of a value: its own, else that of what it is in."""
    return _LEVELS.get(str(schema.get("x-hc-class", "")), inherited)


def keep_of(schema: JsonObject, level: Level) -> str:
    """What is kept of a value, where the contract does not say too."""
    return str(schema.get("x-hc-keep", "keep" if level is Level.OPEN else "drop"))


def new_field(schema: JsonObject, level: Level) -> Privacy:
    """Of a field that was not known before: whether something about persons is kept now."""
    is_kept = keep_of(schema, level) != "drop"
    return Privacy.LOOSER if is_kept and level is not Level.OPEN else Privacy.NONE


def shift(old: JsonObject, new: JsonObject, was: Level, now: Level) -> Iterator[Shift]:
    """What changes for one plain value."""
    if was is not now:
        direction = Privacy.STRICTER if now > was else Privacy.LOOSER
        yield Shift("x-hc-class", was.name.lower(), now.name.lower(), direction)
    before, after = keep_of(old, was), keep_of(new, now)
    if before != after:
        is_stricter = _OPENNESS.get(after, 3) < _OPENNESS.get(before, 3)
        direction = Privacy.STRICTER if is_stricter else Privacy.LOOSER
        yield Shift("x-hc-keep", before, after, _unless_open(direction, was, now))
    of_pseudonyms = ("x-hc-domain", "x-hc-scope") if before == after == "pseudonymize" else ()
    for word in (*of_pseudonyms, "x-hc-keep-if"):
        if old.get(word) != new.get(word):
            direction = Privacy.STRICTER if _is_added(old, new, word) else Privacy.LOOSER
            yield Shift(word, _told(old, word), _told(new, word), direction)


def _unless_open(direction: Privacy, was: Level, now: Level) -> Privacy:
    """What is about no person before and after is kept or not as the business likes."""
    return Privacy.NONE if was is now is Level.OPEN else direction


def _is_added(old: JsonObject, new: JsonObject, word: str) -> bool:
    """A scope that is mixed in, or a condition, where there was none."""
    return word != "x-hc-domain" and word not in old and word in new


def _told(schema: JsonObject, word: str) -> str:
    value = schema.get(word)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
