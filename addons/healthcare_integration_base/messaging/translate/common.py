# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the translators of all standards share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ..errors import FieldError, MessageError
from ..event import Event, JsonObject, JsonValue

# As with native events: attributes are short and hold no control characters.
_ATTRIBUTE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}")
_WITHIN = 4
_PLACES = ("facility", "location", "cost_center")


def filled(**values: JsonValue) -> JsonObject:
    """Only what is there."""
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def distinct(found: Iterable[JsonObject | None]) -> list[JsonObject]:
    """Each canonical code once, in order."""
    return list({(code["system"], code["value"]): code for code in found if code}.values())


def contract_invalid(pointer: str, rule: str) -> MessageError:
    """A value of the source that no value of the contract can be made of."""
    return MessageError("contract_invalid", errors=[FieldError(pointer, rule)])


def checked(event: Event) -> Event:
    """The event, if its attributes are fit to be kept."""
    for pointer, value in (("/id", event.id), ("/source", event.source)):
        if not value:
            raise MessageError("envelope_invalid", errors=[FieldError(pointer, "required")])
        if not _ATTRIBUTE.fullmatch(value):
            raise MessageError("envelope_invalid", errors=[FieldError(pointer, "pattern")])
    return event


def personal(
    strong: frozenset[str],
    weak: frozenset[str],
    kept: Iterable[JsonObject],
    made_of: Mapping[str, Iterable[str]],
) -> frozenset[str]:
    """Values that name a person, for scrubbing; one set for all events of a document.

    A part of a name or an address that reads like a code which is looked up is no reason to
    hide the code: a town may be called like a ward, a postal code may be an item's number.

    :param kept: the data of the events
    :param made_of: what the translator made out of values of the sender
    """
    codes = {value.casefold() for data in kept for value in _looked_up(data)}
    names = strong | {value for value in weak if value.casefold() not in codes}
    made = (texts for value, texts in made_of.items() if _names_somebody(value, names))
    return names.union(*made)


def _names_somebody(value: str, names: frozenset[str]) -> bool:
    """Senders build their numbers out of record numbers."""
    folded = value.casefold()
    return value in names or any(
        len(name) >= _WITHIN and name.casefold() in folded for name in names
    )


def _looked_up(data: JsonObject) -> Iterator[str]:
    """Codes of places, items, services and whatever else the data holds."""
    for name in _PLACES:
        value = data.get(name)
        if isinstance(value, str):
            yield value
    yield from _codes(data)


def _codes(value: JsonValue) -> Iterator[str]:
    """The values of all canonical codes within."""
    if isinstance(value, list):
        for item in value:
            yield from _codes(item)
    elif isinstance(value, dict):
        code = value.get("value")
        if "system" in value and isinstance(code, str):
            yield code
        for item in value.values():
            yield from _codes(item)
