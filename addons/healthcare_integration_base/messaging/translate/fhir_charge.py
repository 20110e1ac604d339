# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""ChargeItem (http://hl7.org/fhir/R4/chargeitem.html).

``billable`` is a charge. ``aborted`` and ``entered-in-error`` take back what was charged
under the same number. All other states change nothing: ``billed`` tells what somebody else
has done already. ``priceOverride`` is the whole price; ``factorOverride`` is part of it, and
without it would change a price that only the sender's rules know, so it is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import MessageError
from ..event import Event, JsonObject
from ..values import canonical_decimal, parse_decimal
from .common import contract_invalid, filled
from .fhir_frame import NO_EFFECT, event, identity, occurrence, opened, patient
from .fhir_read import child, number, text
from .fhir_reference import coded, contained_by_id, kind_of, target

CAPTURED = "charge.captured.v1"
CHARGE_TYPES = frozenset({CAPTURED})

_CREDITS = frozenset({"aborted", "entered-in-error"})
_STATUSES = _CREDITS | {"planned", "billable", "not-billable", "billed", "unknown"}
# A service is dated by when it began, as in FT1-4.
_BOUNDS = ("start", "end")


def charge_item(
    resource: JsonObject, accepts: Collection[str], _options: Mapping[str, str]
) -> list[Event]:
    """A charge, or the credit of one."""
    status = opened(resource, CAPTURED, accepts, _STATUSES)
    credits = status in _CREDITS
    found = identity(resource)
    charge = found.value if found else None
    data = filled(
        charge=charge,
        action="credit" if credits else "charge",
        reverses=charge if credits else None,
        occurred_at=occurrence(resource, "/occurred_at", _BOUNDS),
    )
    data |= _money(resource) | _places(resource)
    takes_effect = credits or status == "billable"
    return [event(resource, CAPTURED, data, ignored=None if takes_effect else NO_EFFECT)]


def _money(resource: JsonObject) -> JsonObject:
    """What was done, how often, and its price."""
    concept = child(resource, "code")
    quantity = child(resource, "quantity") or {}
    if "comparator" in quantity:  # "less than ten" is no quantity
        raise contract_invalid("/quantity", "comparator")
    amount = _amount(resource)
    factor = number(resource, "factorOverride")
    if factor not in (None, 1) and not amount:
        raise MessageError("not_supported")
    return filled(
        service=coded(concept, "/code") if concept else None,
        quantity=number(quantity, "value", "/quantity"),
        uom=text(quantity, "code", "/quantity") or text(quantity, "unit", "/quantity"),
        amount=amount,
    )


def _amount(resource: JsonObject) -> JsonObject | None:
    money = child(resource, "priceOverride") or {}
    value = parse_decimal(number(money, "value", "/priceOverride"))
    if value is None:
        return None
    currency = text(money, "currency", "/priceOverride")
    return filled(amount=canonical_decimal(value), currency=currency)


def _places(resource: JsonObject) -> JsonObject:
    """Encounter, patient and cost center.

    The facility is not told: organizations are departments as often as hospitals. The
    channel's default site stands in.
    """
    contained = contained_by_id(resource)
    context = child(resource, "context")
    visit = None
    if context and kind_of(context, contained) != "EpisodeOfCare":
        visit = target(context, "/context", contained)
    cost = child(resource, "costCenter")
    center = target(cost, "/costCenter", contained) if cost else None
    display = text(cost, "display", "/costCenter") if cost else None
    return filled(
        encounter=visit.value if visit else None,
        cost_center=center.value if center else display,
        patient=patient(child(resource, "subject"), "/subject", contained),
    )
