# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""FHIR R4: what a resource may become, and its events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from ..errors import MessageError
from ..event import Event, JsonObject, JsonValue
from . import fhir_charge, fhir_device, fhir_encounter, fhir_schedule, fhir_supply
from .fhir_bundle import (
    BundleEntry,
    EntryAnswer,
    bundle_entries,
    bundle_response,
    check_type,
)
from .fhir_outcome import operation_outcome
from .fhir_read import as_object, is_id, malformed, text
from .fhir_test_data import is_test

__all__ = [
    "BundleEntry",
    "EntryAnswer",
    "bundle_entries",
    "bundle_response",
    "check_type",
    "events",
    "operation_outcome",
    "types_of",
]

_Translator = Callable[[JsonObject, Collection[str], Mapping[str, str]], list[Event]]
_RESOURCES: dict[str, tuple[frozenset[str], _Translator]] = {
    "Device": (fhir_device.TYPES, fhir_device.device),
    "Appointment": (fhir_schedule.APPOINTMENT_TYPES, fhir_schedule.appointment),
    "ChargeItem": (fhir_charge.CHARGE_TYPES, fhir_charge.charge_item),
    "Encounter": (fhir_encounter.ENCOUNTER_TYPES, fhir_encounter.encounter),
    "SupplyDelivery": (fhir_supply.DELIVERY_TYPES, fhir_supply.delivery),
    "SupplyRequest": (fhir_supply.REQUEST_TYPES, fhir_supply.request),
}


def types_of(resource: JsonValue) -> frozenset[str]:
    """Canonical types that a resource of this type can become."""
    known = _RESOURCES.get(_resource_type(as_object(resource, "")))
    return known[0] if known else frozenset()


def events(
    resource: JsonValue, accepts: Collection[str], options: Mapping[str, str]
) -> list[Event]:
    """The resource as events of the accepted types, or a refusal."""
    body = as_object(resource, "")
    known = _RESOURCES.get(_resource_type(body))
    if known is None:
        raise MessageError("not_supported")
    own = text(body, "id")
    if own is not None and not is_id(own):
        raise malformed("/id", "format")
    marked = is_test(body)
    return [
        replace(event, origin=body, is_test=marked) for event in known[1](body, accepts, options)
    ]


def _resource_type(body: JsonObject) -> str:
    name = text(body, "resourceType")
    if name is None:
        raise malformed("/resourceType", "required")
    return name
