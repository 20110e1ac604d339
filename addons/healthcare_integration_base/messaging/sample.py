# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Reading a sample that somebody has pasted, as the channel's door would read it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from . import envelope, guard
from .errors import MessageError
from .event import Event, JsonObject, JsonValue
from .preview import as_text
from .translate import fhir, hl7_charset, hl7v2

LIMIT = 256 * 1024
"""Characters; more than that is no sample."""
_ID = "sample"
_SOURCE = "urn:hc:sample"


def events(
    text: str, kind: str, accepts: Collection[str], options: Mapping[str, str]
) -> list[Event]:
    """The events of a sample; data of one event without an envelope is good enough.

    :param kind: format of the channel
    :param accepts: message types that the channel takes
    :param options: of the channel, for the translators
    :raise MessageError: where the door would refuse it
    """
    if len(text) > LIMIT:
        raise MessageError("too_large")
    if kind == "hl7v2":
        return hl7v2.events(hl7v2.parse(_er7(text)), accepts, options)
    value = guard.parse_json(text.encode("utf-8", "surrogatepass"))
    if kind == "fhir":
        return [event for one in _resources(value) for event in fhir.events(one, accepts, options)]
    found = [
        envelope.parse_structured(_wrapped(one, accepts), fallback_id=_ID)
        for one in (value if isinstance(value, list) else [value])
    ]
    if any(event.type not in accepts for event in found):
        raise MessageError("type_not_accepted")
    return found


def _er7(text: str) -> bytes:
    """In the character set that the message names: what is pasted is text already."""
    name = hl7_charset.declared(hl7_charset.trimmed(text.encode("utf-8", "replace")))
    try:
        return text.encode(hl7_charset.known(name) if name else "utf-8")
    except UnicodeEncodeError:
        raise MessageError("encoding_invalid") from None


def _resources(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        _kind, entries = fhir.bundle_entries(value)
        return [entry.checked() for entry in entries]
    return [value]


def _wrapped(value: JsonValue, accepts: Collection[str]) -> JsonValue:
    if not isinstance(value, dict) or "specversion" in value or len(accepts) != 1:
        return value
    (only,) = accepts
    wrapped: JsonObject = {
        "specversion": "1.0",
        "id": _ID,
        "source": _SOURCE,
        "type": only,
        "data": value,
    }
    return wrapped


# -- what no translator has read --------------------------------------------------------------


def unread(text: str, kind: str, read: Collection[str]) -> list[tuple[str, str]]:
    """Parts of a sample that nothing was read of: what they are called in their standard, and
    their text. They are dropped with the message.

    By their texts: a part that happens to say the same as one that was read is left out.

    :param text: a sample that :func:`events` has taken
    :param read: values that the events have
    """
    known = {value for value in read if value}
    parts = _er7_parts(text) if kind == "hl7v2" else _json_parts(guard.parse_json(text.encode()))
    return [(path, value) for path, value in parts if not _is_read(value, known)]


def _is_read(value: str, known: Collection[str]) -> bool:
    """Whole, or a part of it, as the code in ``XR-1^X-ray``."""
    return value in known or any(one in value for one in known if len(one) > 1)


def _er7_parts(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.strip().replace("\r", "\n").split("\n") if line]
    separator = lines[0][3]
    for line in lines:
        name, *values = line.split(separator)
        first = 2 if name == "MSH" else 1
        for number, value in enumerate(values, first):
            if value and (name, number) != ("MSH", 2):
                yield f"{name}-{number}", value


def _json_parts(value: JsonValue, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _json_parts(item, f"{path}/{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _json_parts(item, f"{path}/{number}")
    elif value is not None and path.rpartition("/")[2] != "resourceType":
        yield path, as_text(value)
