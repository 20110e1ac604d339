# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the events of FHIR R4 resources have in common, whatever they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime

from .. import digest
from ..errors import MessageError
from ..event import Event, JsonObject
from . import fhir_personal
from .common import checked, contract_invalid, filled, personal
from .fhir_read import child, choice, date_time, malformed, refuse_modifiers, text
from .fhir_reference import Identifier, first_identifier, kind_of, target

# The state of a resource that is kept for the record, and changes nothing.
NO_EFFECT = "status_without_effect"
_NO_PERSON = frozenset({"Group", "Device", "Location"})
_DAY = len("2026-01-01")


def opened(
    resource: JsonObject, kind: str, accepts: Collection[str], statuses: frozenset[str]
) -> str | None:
    """The status of a resource that may be read and whose type of event is asked for.

    :param statuses: all codes of the required binding
    """
    refuse_modifiers(resource)
    if kind not in accepts:
        raise MessageError("type_not_accepted")
    return status(resource, statuses)


def status(resource: JsonObject, known: frozenset[str]) -> str | None:
    """``status``, a code of the standard; None when absent."""
    found = text(resource, "status")
    if found is not None and found not in known:
        raise malformed("/status", "enum")
    return found


def patient(
    reference: JsonObject | None, path: str, contained: dict[str, JsonObject]
) -> JsonObject:
    """The patient that a reference means; a group, a device or a place is none."""
    if reference is None or kind_of(reference, contained) in _NO_PERSON:
        return {}
    found = target(reference, path, contained)
    return filled(mrn=found.value, authority=found.system) if found else {}


def occurrence(resource: JsonObject, pointer: str, bounds: tuple[str, str]) -> str | None:
    """``occurrence[x]`` as one time.

    :param pointer: the contract's field, for the refusal of what is no day
    :param bounds: which end of a period goes first
    """
    name = choice(resource, "occurrence", "DateTime", "Period", "Timing")
    if name is None:
        return None
    if name.endswith("DateTime"):
        return precise(date_time(resource, name), pointer)
    element = child(resource, name) or {}
    if name.endswith("Timing"):
        return precise(_first_event(element), pointer)
    first, other = (date_time(element, bound, f"/{name}") for bound in bounds)
    return precise(first or other, pointer)


def precise(moment: str | None, pointer: str) -> str | None:
    """A year or a month is lawful in FHIR, but no day to date a document with."""
    if moment is not None and len(moment) < _DAY:
        raise contract_invalid(pointer, "format")
    return moment


def identity(resource: JsonObject) -> Identifier | None:
    """The first business identifier, else the logical id."""
    own = text(resource, "id")
    return first_identifier(resource) or (Identifier(own) if own else None)


def event(resource: JsonObject, kind: str, data: JsonObject, *, ignored: str | None) -> Event:
    """The event of a resource.

    :param kind: message type
    :param ignored: code of the reason why it has no effect
    """
    name = str(resource["resourceType"])
    found = identity(resource)
    own = hashlib.sha256(digest.canonical(resource)).hexdigest()
    version, updated = _version(resource, own)
    made = Event(
        type=kind,
        data=data,
        id=str(found) if found else own,
        source=f"urn:fhir:{name}",
        key=(name, str(found) if found else "", version),
        time=updated,
        personal=personal(
            *fhir_personal.collect(resource), [data], {found.value: [str(found)]} if found else {}
        ),
        ignored=ignored,
        weak_key=found is None,
        relaxed=True,
    )
    return checked(made)


def _first_event(timing: JsonObject) -> str | None:
    times = timing.get("event")
    if times is None and "event" not in timing:
        return None
    if not isinstance(times, list) or not times:
        raise malformed("/occurrenceTiming/event")
    return date_time({"event": times[0]}, "event", "/occurrenceTiming")


def _version(resource: JsonObject, own: str) -> tuple[str, datetime | None]:
    """What tells one state of the resource from the next, and when it was reached."""
    meta = child(resource, "meta") or {}
    version = text(meta, "versionId", "/meta")
    updated = date_time(meta, "lastUpdated", "/meta")
    moment = _moment(updated)
    if version:
        return f"version:{version}", moment
    return (f"updated:{updated}" if updated else f"digest:{own}"), moment


def _moment(instant: str | None) -> datetime | None:
    """An instant; without an offset it orders nothing."""
    if not instant or len(instant) <= _DAY:
        return None
    try:
        moment = datetime.fromisoformat(instant)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        raise malformed("/meta/lastUpdated", "format") from None
