# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Appointment (http://hl7.org/fhir/R4/appointment.html).

Of its participants the patient is told, and rooms, devices and services as resources; staff
are not kept. The facility is not told: the channel's default site stands in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..errors import MessageError
from ..event import Event, JsonObject, JsonValue
from . import codes
from .common import filled
from .fhir_frame import event, identity, opened, patient, precise
from .fhir_read import child, children, date_time
from .fhir_reference import coded, contained_by_id, kind_of, target

CHANGED = "appointment.changed.v1"
APPOINTMENT_TYPES = frozenset({CHANGED})

_STATUS = {
    "proposed": "pending",
    "pending": "pending",
    "waitlist": "waitlist",
    "booked": "booked",
    "arrived": "arrived",
    "checked-in": "arrived",
    "fulfilled": "fulfilled",
    "cancelled": "cancelled",
    "noshow": "noshow",
    "entered-in-error": "entered_in_error",
}
_RESOURCES = frozenset({"Location", "Device", "HealthcareService"})
_PATH = "/participant/actor"


def appointment(
    resource: JsonObject, accepts: Collection[str], _options: Mapping[str, str]
) -> list[Event]:
    """The appointment in its present state.

    :raise MessageError: ``not_supported`` for several patients in one appointment
    """
    status = opened(resource, CHANGED, accepts, frozenset(_STATUS))
    found = identity(resource)
    data = filled(
        appointment=found.value if found else None,
        status=_STATUS.get(status or ""),
        services=_services(resource),
        start=precise(date_time(resource, "start"), "/start"),
        end=precise(date_time(resource, "end"), "/end"),
    )
    return [event(resource, CHANGED, data | _participants(resource), ignored=None)]


def _services(resource: JsonObject) -> list[JsonValue] | None:
    found = (coded(one, "/serviceType") for one in children(resource, "serviceType"))
    return [code for code in found if code] or None


def _participants(resource: JsonObject) -> JsonObject:
    contained = contained_by_id(resource)
    actors = [
        (kind_of(actor, contained), actor, participant.get("status") == "declined")
        for participant, actor in _actors(resource)
    ]
    patients = [actor for kind, actor, _declined in actors if kind == "Patient"]
    if len(patients) > 1:
        raise MessageError("not_supported")
    taken = [actor for kind, actor, declined in actors if kind in _RESOURCES and not declined]
    places = filter(None, (target(actor, _PATH, contained) for actor in taken))
    resources: list[JsonValue] = [
        codes.code(codes.from_uri(place.system), place.value) for place in places
    ]
    return filled(
        resources=resources or None,
        patient=patient(patients[0], _PATH, contained) if patients else None,
    )


def _actors(resource: JsonObject) -> Iterator[tuple[JsonObject, JsonObject]]:
    """Participants who are somebody or something, with whom they are."""
    for participant in children(resource, "participant"):
        actor = child(participant, "actor", "/participant")
        if actor:
            yield participant, actor
