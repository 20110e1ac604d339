# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the events of FHIR resources have in common, whatever they are about."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from .. import digest
from ..event import Event, JsonObject
from . import fhir_personal
from .common import checked, personal
from .fhir_read import child, date_time, malformed, text
from .fhir_reference import Identifier, first_identifier


def identity(resource: JsonObject) -> Identifier | None:
    """The first identifier, else the id."""
    own = text(resource, "id")
    return first_identifier(resource) or (Identifier(own) if own else None)


def resource_event(
    resource: JsonObject, kind: str, data: JsonObject, *, ignored: str | None = None
) -> Event:
    """The resource as one event of the type ``kind``.

    :param ignored: code of the reason why it has no effect
    """
    name = str(resource["resourceType"])
    found = identity(resource)
    own = hashlib.sha256(digest.canonical(resource)).hexdigest()
    version, updated = _version(resource, own)
    event = Event(
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
    return checked(event)


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
    if not instant or len(instant) <= len("2026-01-01"):
        return None
    try:
        moment = datetime.fromisoformat(instant)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        raise malformed("/meta/lastUpdated", "format") from None
