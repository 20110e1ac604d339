# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the translators of all standards share."""

from __future__ import annotations

import re

from ..errors import FieldError, MessageError
from ..event import Event, JsonObject, JsonValue

# As with native events: attributes are short and hold no control characters.
_ATTRIBUTE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}")
_PLACES = ("facility", "location", "cost_center")


def filled(**values: JsonValue) -> JsonObject:
    """Only what is there."""
    return {name: value for name, value in values.items() if value not in (None, "", {})}


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


def looked_up(data: JsonObject) -> frozenset[str]:
    """Codes of places and items.

    A part of a name or an address that reads the same as one of them is no reason to hide
    the code: a town may be called like a ward, a postal code may be an item's number.
    """
    values = [data.get(name) for name in _PLACES]
    lines = data.get("lines")
    for line in lines if isinstance(lines, list) else []:
        item = line.get("item") if isinstance(line, dict) else None
        values += [item.get("value")] if isinstance(item, dict) else []
    return frozenset(value for value in values if isinstance(value, str))
