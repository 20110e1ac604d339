# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""DFT^P03 and DFT^P11 on a channel that asks for charges: an event per FT1.

A credit says what it takes back by FT1-31, the set id of the charge in the same message,
else by its own FT1-2: the standard has no other field for it, and senders cancel a charge
under its number. Amounts are kept without their sign, ``action`` holds it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..errors import MessageError
from ..event import Event, JsonObject, JsonValue
from ..values import canonical_decimal
from .common import checked, contract_invalid, filled
from .hl7_coverage import coverages
from .hl7_frame import Frame, coded, decimal, frame, numbers, scrubbed
from .hl7_message import Hl7, Segment

CAPTURED = "charge.captured.v1"
TYPES = frozenset({CAPTURED})
TRIGGERS = frozenset({"P03", "P11"})

CHARGE = "charge"
CREDIT = "credit"
# Transaction types (FT1-6); payments, adjustments and co-payments (PY, AJ, CO) are not taken.
_ACTIONS = {"CG": CHARGE, "CD": CHARGE, "CR": CREDIT}
# Transaction code, procedure.
_SERVICE_FIELDS = (7, 25)


@dataclass(frozen=True, slots=True)
class _Money:
    """FT1-10 to FT1-12: how much, and for what."""

    quantity: Decimal | None
    amount: Decimal | None
    price: Decimal | None

    def is_negative(self) -> bool:
        values = (self.quantity, self.amount, self.price)
        return any(value is not None and value < 0 for value in values)


@dataclass(frozen=True, slots=True)
class _Charges:
    """What the FT1 of a message share; ``named`` are their numbers by set id."""

    frame: Frame
    encounter: str
    named: dict[str, str]


def events(message: Hl7, _accepts: Collection[str], options: Mapping[str, str]) -> list[Event]:
    """All FT1 as events, or a refusal: a message is kept whole or not at all."""
    rows = list(message.all("FT1"))
    if not rows:
        raise contract_invalid("/service", "required")
    shared = frame(message, options, len(rows))
    charges = _Charges(shared, _encounter(shared), _charge_numbers(message, rows))
    facts = zip(rows, charges.named.values(), coverages(message, rows), strict=True)
    made = [
        _event(charges, row, ordinal, filled(charge=charge, coverage=coverage))
        for ordinal, (row, charge, coverage) in enumerate(facts, 1)
    ]
    weak = [str(event.data["charge"]) for event in made if event.weak_key]
    return scrubbed(message, made, {message.control_id: weak})


def _encounter(shared: Frame) -> str:
    """Visit number, else the patient's account number."""
    visit = shared.place.value(19) if shared.place else ""
    person = shared.message.one("PID")
    return visit or (person.value(18) if person else "")


def _charge_numbers(message: Hl7, rows: list[Segment]) -> dict[str, str]:
    """FT1-2 by set id; without one MSH-10 and the set id."""
    return {
        number: row.value(2) or f"{message.control_id}/{number}"
        for number, row in zip(numbers(rows), rows, strict=True)
    }


def _event(charges: _Charges, row: Segment, ordinal: int, named: JsonObject) -> Event:
    money = _Money(
        decimal(row.value(10), "/quantity"),
        decimal(row.value(11), "/amount/amount"),
        decimal(row.value(12), "/price/amount"),
    )
    action = _action(row, money)
    own = row.value(2)
    reversed_one = charges.named.get(row.value(31)) or own
    data = named | filled(
        action=action,
        reverses=reversed_one if action == CREDIT else None,
        encounter=charges.encounter,
    )
    shared = charges.frame
    event = Event(
        type=CAPTURED,
        data=data | _fact(shared, row, money),
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


def _action(row: Segment, money: _Money) -> str:
    """A credit, a negative quantity and a negative amount all say that something goes back."""
    action = _ACTIONS.get(row.value(6).upper())
    if action is None:
        raise MessageError("transaction_code_refused")
    return CREDIT if money.is_negative() else action


def _fact(shared: Frame, row: Segment, money: _Money) -> JsonObject:
    """What was done, when, for whom, and at what price."""
    location, facility = shared.located(row, 16)
    modifiers = _coded_all(row, 26)
    return filled(
        facility=facility,
        location=location,
        service=next(filter(None, (coded(row, field) for field in _SERVICE_FIELDS)), None),
        quantity=None if money.quantity is None else money.quantity.copy_abs(),
        modifiers=modifiers or None,
        occurred_at=shared.moment(row.value(4), "/occurred_at"),
        amount=_price(row, 11, money.amount),
        price=_price(row, 12, money.price),
        cost_center=row.value(13),
        patient=shared.patient,
    )


def _coded_all(row: Segment, field: int) -> list[JsonValue]:
    repetitions = range(1, row.repetitions(field) + 1)
    found = (coded(row, field, repetition) for repetition in repetitions)
    return [code for code in found if code]


def _price(row: Segment, field: int, amount: Decimal | None) -> JsonObject | None:
    """A composite price (CP): its amount and, where it says so, its currency."""
    if amount is None:
        return None
    return filled(
        amount=canonical_decimal(amount.copy_abs()), currency=row.value(field, 1, 2).upper()
    )
