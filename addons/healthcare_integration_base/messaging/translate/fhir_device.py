# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Device (FHIR R4, 8.11): a piece of the hospital's equipment.

A device with a ``patient`` is refused: an implant or a device that somebody has at home
is about that person, and no equipment of the hospital.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import MessageError
from ..event import Event, JsonObject
from . import codes
from .common import filled
from .fhir_frame import event, identity, opened
from .fhir_read import child, children, text
from .fhir_reference import coded, contained_by_id, target

UPSERTED = "equipment.upserted.v1"
TYPES = frozenset({UPSERTED})

_STATUSES = {
    "active": "active",
    "inactive": "inactive",
    "entered-in-error": "entered_in_error",
    "unknown": "unknown",
}
_NAME_TYPES = ("user-friendly-name", "patient-reported-name", "manufacturer-name", "model-name")
_LONGEST = 128


def device(
    resource: JsonObject, accepts: Collection[str], _options: Mapping[str, str]
) -> list[Event]:
    """A device of the hospital, or a refusal."""
    if "patient" in resource:
        raise MessageError("device_of_patient")
    status = opened(resource, UPSERTED, accepts, frozenset(_STATUSES))
    return [event(resource, UPSERTED, _data(resource, status), ignored=None)]


def _data(resource: JsonObject, status: str | None) -> JsonObject:
    found = identity(resource)
    code = codes.code(codes.from_uri(found.system), found.value) if found else None
    return filled(
        equipment=code,
        name=_name(resource),
        serial=text(resource, "serialNumber"),
        model=text(resource, "modelNumber") or _named(resource, "model-name"),
        manufacturer=text(resource, "manufacturer"),
        category=_category(resource),
        location=_location(resource),
        software=_software(resource),
        status=_STATUSES[status] if status else None,
    ) | _udi(resource)


def _udi(resource: JsonObject) -> JsonObject:
    """The first carrier that a person can read, and the first that names the model."""
    carriers = children(resource, "udiCarrier")
    printed = [text(one, "carrierHRF", "/udiCarrier") for one in carriers]
    models = [text(one, "deviceIdentifier", "/udiCarrier") for one in carriers]
    return filled(udi=next(filter(None, printed), None), udi_di=next(filter(None, models), None))


def _named(resource: JsonObject, kind: str) -> str | None:
    for name in children(resource, "deviceName"):
        if text(name, "type", "/deviceName") == kind:
            return text(name, "name", "/deviceName")
    return None


def _name(resource: JsonObject) -> str | None:
    """What people call it, rather than what the maker does."""
    found = (_named(resource, kind) for kind in _NAME_TYPES)
    other = [text(name, "name", "/deviceName") for name in children(resource, "deviceName")]
    name = next(filter(None, (*found, *other)), None)
    return name[:_LONGEST] if name else None


def _category(resource: JsonObject) -> str | None:
    """What kind of device it is, in words where there are some."""
    concept = child(resource, "type")
    if concept is None:
        return None
    displays = [
        text(one, "display", "/type/coding") for one in children(concept, "coding", "/type")
    ]
    code = coded(concept, "/type")
    words = (text(concept, "text", "/type"), *displays, str(code["value"]) if code else None)
    found = next(filter(None, words), None)
    return found[:_LONGEST] if found else None


def _location(resource: JsonObject) -> str | None:
    reference = child(resource, "location")
    if reference is None:
        return None
    found = target(reference, "/location", contained_by_id(resource))
    return found.value if found else text(reference, "display", "/location")


def _software(resource: JsonObject) -> str | None:
    versions = [text(one, "value", "/version") for one in children(resource, "version")]
    return ", ".join(filter(None, versions)) or None
