# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Encounter (http://hl7.org/fhir/R4/encounter.html): services are done when it is finished.

What was done is what it says it was, ``type`` and ``serviceType``, each once. Who pays is
not told: coverage belongs to accounts, which are resources of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..event import Event, JsonObject, JsonValue
from .common import distinct, filled
from .fhir_frame import NO_EFFECT, event, opened, patient, precise
from .fhir_read import child, children, date_time, text
from .fhir_reference import coded, contained_by_id, typed_identifier

COMPLETED = "service.completed.v1"
ENCOUNTER_TYPES = frozenset({COMPLETED})

_FINISHED = "finished"
_STATUSES = frozenset(
    {"planned", "arrived", "triaged", "in-progress", "onleave", "cancelled", "entered-in-error",
     "unknown", _FINISHED}
)  # fmt: skip
# Visit number (table 0203).
_VISIT = "VN"


def encounter(
    resource: JsonObject, accepts: Collection[str], _options: Mapping[str, str]
) -> list[Event]:
    """The services of a finished encounter."""
    status = opened(resource, COMPLETED, accepts, _STATUSES)
    period = child(resource, "period") or {}
    number = typed_identifier(resource, _VISIT)
    data = filled(
        encounter=number.value if number else text(resource, "id"),
        completed_at=precise(date_time(period, "end", "/period"), "/completed_at"),
        services=_services(resource),
        patient=patient(child(resource, "subject"), "/subject", contained_by_id(resource)),
    )
    return [event(resource, COMPLETED, data, ignored=None if status == _FINISHED else NO_EFFECT)]


def _services(resource: JsonObject) -> list[JsonValue] | None:
    """A line for each different code; None where the encounter names no service."""
    concepts = [("/type", concept) for concept in children(resource, "type")]
    kind = child(resource, "serviceType")
    concepts += [("/serviceType", kind)] if kind else []
    found = distinct(coded(concept, path) for path, concept in concepts)
    return [_line(number, code) for number, code in enumerate(found, 1)] or None


def _line(number: int, code: JsonObject) -> JsonObject:
    return {"line": str(number), "service": code, "quantity": 1}
