# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""DFT^P03 and DFT^P11 on a channel that asks for supplies: an event per FT1.

FT1-10 is a bare number: the unit of what was used is nowhere in FT1, so ``uom`` stays
absent and the item's own unit holds. Amounts are not read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from ..errors import MessageError
from ..event import Event, JsonObject
from .common import checked, contract_invalid, filled
from .hl7_frame import Frame, coded, decimal, frame, numbers, scrubbed
from .hl7_message import Hl7, Segment

CONSUMED = "supply.consumed.v1"
RETURNED = "supply.returned.v1"
TYPES = frozenset({CONSUMED, RETURNED})
TRIGGERS = frozenset({"P03", "P11"})

# Transaction types (table 0017): charge, debit; credit. Payments and adjustments are not taken.
_USED = frozenset({"CG", "CD"})
_CREDIT = "CR"
# Inventory item, national drug code, procedure, transaction code.
_ITEM_FIELDS = (34, 29, 25, 7)


def events(message: Hl7, accepts: Collection[str], options: Mapping[str, str]) -> list[Event]:
    """All FT1 as events, or a refusal: a message is kept whole or not at all."""
    rows = list(message.all("FT1"))
    if not rows:
        raise contract_invalid("/lines", "required")
    shared = frame(message, options, len(rows))
    made = [
        _event(shared, row, ordinal, number)
        for ordinal, (row, number) in enumerate(zip(rows, numbers(rows), strict=True), 1)
    ]
    if any(event.type not in accepts for event in made):
        raise MessageError("type_not_accepted")
    weak = [str(event.data["transaction"]) for event in made if event.weak_key]
    return scrubbed(message, made, {message.control_id: weak})


def _event(shared: Frame, row: Segment, ordinal: int, number: str) -> Event:
    quantity = decimal(row.value(10), "/lines/0/quantity")
    own = row.value(2)
    transaction = own or f"{shared.message.control_id}/{number}"
    data = _data(shared, row, transaction, number, quantity)
    event = Event(
        type=_type(row, quantity),
        data=data,
        id=shared.identifier(ordinal),
        source=shared.source,
        key=shared.key(ordinal),
        time=shared.time,
        reuse="keep",
        weak_key=not own,
        relaxed=True,
        origin=shared.part(row),
    )
    return checked(event)


def _type(row: Segment, quantity: Decimal | None) -> str:
    """A credit and a negative quantity both say that something came back."""
    kind = row.value(6).upper()
    if kind == _CREDIT:
        return RETURNED
    if kind not in _USED:
        raise MessageError("transaction_code_refused")
    return RETURNED if quantity is not None and quantity < 0 else CONSUMED


def _data(
    shared: Frame, row: Segment, transaction: str, number: str, quantity: Decimal | None
) -> JsonObject:
    location, facility = shared.located(row, 16)
    line = filled(
        line=number,
        item=_item(row),
        quantity=None if quantity is None else quantity.copy_abs(),
    )
    return filled(
        facility=facility,
        location=location,
        consumed_at=shared.moment(row.value(4), "/consumed_at"),
        transaction=transaction,
        cost_center=row.value(13),
        lines=[line],
        patient=shared.patient,
    )


def _item(row: Segment) -> JsonObject | None:
    return next(filter(None, (coded(row, field) for field in _ITEM_FIELDS)), None)
