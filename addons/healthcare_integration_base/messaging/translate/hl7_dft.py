# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""DFT^P03 and DFT^P11 on a channel that asks for supplies: an event per FT1.

FT1-10 is a bare number: the unit of what was used is nowhere in FT1, so ``uom`` stays
absent and the item's own unit holds. Amounts are not read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal

from ..errors import FieldError, MessageError
from ..event import Event, JsonObject
from . import codes, hl7_personal, hl7_time
from .common import checked, contract_invalid, filled, personal
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
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all FT1 of a message have in common."""

    message: Hl7
    source: str
    time: datetime | None
    offset: tzinfo | None
    place: Segment | None
    patient: JsonObject
    count: int


def events(message: Hl7, accepts: Collection[str], options: Mapping[str, str]) -> list[Event]:
    """All FT1 as events, or a refusal: a message is kept whole or not at all."""
    rows = list(message.all("FT1"))
    if not rows:
        raise contract_invalid("/lines", "required")
    frame = _frame(message, options, len(rows))
    numbers = _numbers(rows)
    made = [
        _event(frame, row, ordinal, number)
        for ordinal, (row, number) in enumerate(zip(rows, numbers, strict=True), 1)
    ]
    if any(event.type not in accepts for event in made):
        raise MessageError("type_not_accepted")
    names = _personal(message, made)
    return [replace(event, personal=names) for event in made]


def _personal(message: Hl7, made: list[Event]) -> frozenset[str]:
    """Personal values of the message, and numbers that were made here out of one."""
    own = [event.id for event in made]
    own += [str(event.data["transaction"]) for event in made if event.weak_key]
    made_of = {
        message.sending_application: [made[0].source],
        message.sending_facility: [made[0].source],
        message.control_id: own,
    }
    return personal(*hl7_personal.collect(message), [event.data for event in made], made_of)


def _frame(message: Hl7, options: Mapping[str, str], count: int) -> _Frame:
    if not message.control_id:
        raise MessageError("envelope_invalid", errors=[FieldError("/id", "required")])
    offset = hl7_time.offset_of(message.timestamp)
    return _Frame(
        message=message,
        source=f"urn:hl7v2:{message.sending_application}:{message.sending_facility}",
        time=_event_time(message, offset, options.get("timezone")),
        offset=offset,
        place=message.one("PV1"),
        patient=_patient(message.one("PID")),
        count=count,
    )


def _event_time(message: Hl7, offset: tzinfo | None, zone: str | None) -> datetime | None:
    """When it happened, else when it was recorded, else when it was sent."""
    event = message.one("EVN")
    candidates = [event.value(6), event.value(2)] if event else []
    for text in (*candidates, message.timestamp):
        moment = hl7_time.to_datetime(text, offset, zone)
        if moment:
            return moment
    return None


def _patient(segment: Segment | None) -> JsonObject:
    """The medical record number, else the first identifier, with who assigned it."""
    if segment is None:
        return {}
    numbers = range(1, segment.repetitions(3) + 1)
    chosen = next((n for n in numbers if segment.value(3, 5, repetition=n) == "MR"), 1)
    return filled(
        mrn=segment.value(3, 1, repetition=chosen),
        authority=segment.value(3, 4, repetition=chosen),
    )


def _numbers(rows: list[Segment]) -> list[str]:
    """Set ids, or the position where they do not tell the rows apart."""
    numbers = [row.value(1) for row in rows]
    if all(numbers) and len(set(numbers)) == len(numbers):
        return numbers
    return [str(position) for position in range(1, len(rows) + 1)]


def _event(frame: _Frame, row: Segment, ordinal: int, number: str) -> Event:
    message = frame.message
    quantity = _quantity(row)
    own = row.value(2)
    transaction = own or f"{message.control_id}/{number}"
    identifier = message.control_id if frame.count == 1 else f"{message.control_id}/{ordinal}"
    data = _data(frame, row, transaction, number, quantity)
    event = Event(
        type=_type(row, quantity),
        data=data,
        id=identifier,
        source=frame.source,
        key=_key(message, ordinal),
        time=frame.time,
        reuse="keep",
        weak_key=not own,
        relaxed=True,
    )
    return checked(event)


def _key(message: Hl7, ordinal: int) -> tuple[str, ...]:
    return (
        message.sending_application,
        message.sending_facility,
        f"{message.code}^{message.trigger}",
        message.timestamp,
        message.control_id,
        str(ordinal),
    )


def _type(row: Segment, quantity: Decimal | None) -> str:
    """A credit and a negative quantity both say that something came back."""
    kind = row.value(6).upper()
    if kind == _CREDIT:
        return RETURNED
    if kind not in _USED:
        raise MessageError("transaction_code_refused")
    return RETURNED if quantity is not None and quantity < 0 else CONSUMED


def _quantity(row: Segment) -> Decimal | None:
    text = row.value(10)
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise contract_invalid("/lines/0/quantity", "type")
    return Decimal(text)


def _data(
    frame: _Frame, row: Segment, transaction: str, number: str, quantity: Decimal | None
) -> JsonObject:
    location, facility = _place(frame, row)
    line = filled(
        line=number,
        item=_item(row),
        quantity=None if quantity is None else quantity.copy_abs(),
    )
    return filled(
        facility=facility,
        location=location,
        consumed_at=_used_at(frame, row),
        transaction=transaction,
        cost_center=row.value(13),
        lines=[line],
        patient=frame.patient,
    )


def _place(frame: _Frame, row: Segment) -> tuple[str, str]:
    """Point of care and facility of FT1-16, else of PV1-3; never room or bed."""
    segment, field = row, 16
    if not row.value(16) and frame.place is not None:
        segment, field = frame.place, 3
    return segment.value(field, 1), segment.value(field, 4) or frame.message.sending_facility


def _used_at(frame: _Frame, row: Segment) -> str | None:
    text = row.value(4)
    if not text:
        return None
    moment = hl7_time.to_iso(text, frame.offset)
    if moment is None:
        raise contract_invalid("/consumed_at", "format")
    return moment


def _item(row: Segment) -> JsonObject | None:
    for field in _ITEM_FIELDS:
        value = row.value(field)
        if value:
            return codes.code(codes.from_hl7(row.value(field, 3)), value)
    return None
