# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""SupplyDelivery and SupplyRequest."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import MessageError
from ..event import Event, JsonObject
from . import codes, fhir_frame
from .common import contract_invalid, filled
from .fhir_frame import NO_EFFECT, event, identity, occurrence, patient, precise
from .fhir_read import child, choice, date_time, number, refuse_modifiers, text
from .fhir_reference import coded, contained_by_id, target

CONSUMED = "supply.consumed.v1"
RETURNED = "supply.returned.v1"
TRANSFERRED = "supply.transferred.v1"
REQUESTED = "supply.requested.v1"
DELIVERY_TYPES = frozenset({CONSUMED, RETURNED, TRANSFERRED})
REQUEST_TYPES = frozenset({REQUESTED})

_DELIVERY_STATUSES = frozenset({"in-progress", "completed", "abandoned", "entered-in-error"})
_REQUEST_STATUSES = frozenset(
    {"draft", "active", "suspended", "cancelled", "completed", "entered-in-error", "unknown"}
)
# A delivery is used when it is over.
_BOUNDS = ("end", "start")
_MEANINGS = {"use": CONSUMED, "transfer": TRANSFERRED}


def delivery(
    resource: JsonObject, accepts: Collection[str], options: Mapping[str, str]
) -> list[Event]:
    """A completed delivery moves stock, one entered in error moves it back."""
    refuse_modifiers(resource)
    status = fhir_frame.status(resource, _DELIVERY_STATUSES)
    kind = _delivery_type(resource, status, accepts, options)
    supplied = child(resource, "suppliedItem") or {}
    refuse_modifiers(supplied)
    contained = contained_by_id(resource)
    line = _line(supplied, "/suppliedItem", "item", contained)
    data = _place(resource, "destination", contained)
    data |= filled(
        consumed_at=occurrence(resource, "/consumed_at", _BOUNDS),
        transaction=_transaction(resource),
        lines=[line],
        patient=patient(child(resource, "patient"), "/patient", contained),
    )
    moves = status in ("completed", "entered-in-error")
    return [event(resource, kind, data, ignored=None if moves else NO_EFFECT)]


def request(
    resource: JsonObject, accepts: Collection[str], _options: Mapping[str, str]
) -> list[Event]:
    """An active request is demand; nothing has been used."""
    status = fhir_frame.opened(resource, REQUESTED, accepts, _REQUEST_STATUSES)
    contained = contained_by_id(resource)
    data = _place(resource, "deliverTo", contained)
    planned = occurrence(resource, "/requested_at", _BOUNDS)
    authored = precise(date_time(resource, "authoredOn"), "/requested_at")
    data |= filled(
        requested_at=authored or planned,
        transaction=_transaction(resource),
        lines=[_line(resource, "", "item", contained)],
    )
    return [event(resource, REQUESTED, data, ignored=None if status == "active" else NO_EFFECT)]


def _delivery_type(
    resource: JsonObject, status: str | None, accepts: Collection[str], options: Mapping[str, str]
) -> str:
    kind = _meaning(resource, accepts, options)
    if status == "entered-in-error":
        if kind == TRANSFERRED:  # its way back needs the place it came from, which is not told
            raise MessageError("not_supported")
        kind = RETURNED
    if kind not in accepts:
        raise MessageError("type_not_accepted")
    return kind


def _meaning(resource: JsonObject, accepts: Collection[str], options: Mapping[str, str]) -> str:
    """With a patient it is use; otherwise the channel says, at least by what it takes."""
    if child(resource, "patient") is not None:
        return CONSUMED
    said = _MEANINGS.get(options.get("delivery_meaning", ""))
    if said:
        return said
    if TRANSFERRED not in accepts:
        return CONSUMED
    if CONSUMED in accepts or RETURNED in accepts:
        raise MessageError("not_configured")
    return TRANSFERRED


def _line(parent: JsonObject, path: str, stem: str, contained: dict[str, JsonObject]) -> JsonObject:
    quantity = child(parent, "quantity", path) or {}
    inner = f"{path}/quantity"
    if "comparator" in quantity:  # "less than ten" is no quantity
        raise contract_invalid("/lines/0/quantity", "comparator")
    unit = text(quantity, "code", inner) or text(quantity, "unit", inner)
    return filled(
        line="1",
        item=_item(parent, path, stem, contained),
        quantity=number(quantity, "value", inner),
        uom=unit,
    )


def _item(
    parent: JsonObject, path: str, stem: str, contained: dict[str, JsonObject]
) -> JsonObject | None:
    name = choice(parent, stem, "CodeableConcept", "Reference")
    element = child(parent, name, path) if name else None
    if not name or element is None:
        return None
    if name.endswith("CodeableConcept"):
        return coded(element, f"{path}/{name}")
    return _referenced(element, f"{path}/{name}", contained)


def _referenced(
    element: JsonObject, path: str, contained: dict[str, JsonObject]
) -> JsonObject | None:
    """A Medication, Substance or Device: its code where it is contained, else its number."""
    link = text(element, "reference", path) or ""
    inner = contained.get(link[1:]) if link.startswith("#") else None
    concept = child(inner, "code", "/contained") if inner else None
    found = coded(concept, "/contained/code") if concept else None
    if found:
        return found
    named = target(element, path, contained)
    return codes.code(codes.from_uri(named.system), named.value) if named else None


def _place(resource: JsonObject, name: str, contained: dict[str, JsonObject]) -> JsonObject:
    """A Location's identifier, else the id it is known by, else what it is called.

    The facility is not told: an identifier's system names a list of codes, not a hospital.
    The channel's default site stands in.
    """
    reference = child(resource, name)
    if reference is None:
        return {}
    found = target(reference, f"/{name}", contained)
    display = text(reference, "display", f"/{name}")
    return filled(location=found.value if found else display)


def _transaction(resource: JsonObject) -> str | None:
    found = identity(resource)
    return str(found) if found else None
