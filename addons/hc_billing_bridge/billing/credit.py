# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which credit goes with which charge, and what it is worth.

A credit never takes back more than its charge has left. In what order charge and credits
come does not matter; credits of one charge are served in the order of their arrival.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from .price import rounded

WAITING = "waiting_for_charge"
EXCEEDS = "credit_exceeds_charge"
CURRENCY = "credit_currency"


@dataclass(slots=True)
class Charge:
    """A charge and what of it was taken back; ids are database ids."""

    id: int
    quantity: Decimal
    amount: Decimal
    currency: int
    credited_quantity: Decimal = Decimal()
    credited_amount: Decimal = Decimal()

    @property
    def left_quantity(self) -> Decimal:
        return self.quantity - self.credited_quantity

    @property
    def left_amount(self) -> Decimal:
        return self.amount - self.credited_amount


@dataclass(frozen=True, slots=True)
class Credit:
    """:param charge: of the charge it names. :param quantity: in the charge's unit, None
    where it cannot be converted.
    :param amount: what the sender says it is worth, None: the charge's own price.
    """

    id: int
    charge: int | None
    quantity: Decimal | None
    amount: Decimal | None = None
    currency: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What became of a credit: its worth and charge, or why it is held."""

    credit: int
    charge: int | None = None
    amount: Decimal = Decimal()
    quantity: Decimal = Decimal()
    hold: str | None = None


def match(
    charges: dict[int, Charge], credits: Iterable[Credit], places: dict[int, int]
) -> list[Match]:
    """Serve credits in their order; the charges are counted down.

    :param places: decimal places by currency.
    """
    return [_match(charges, credit, places) for credit in credits]


def _match(charges: dict[int, Charge], credit: Credit, places: dict[int, int]) -> Match:
    charge = charges.get(credit.charge) if credit.charge else None
    if charge is None:
        return Match(credit.id, hold=WAITING)
    if credit.currency not in (None, charge.currency):
        return Match(credit.id, charge.id, hold=CURRENCY)
    amount = worth(charge, credit, places[charge.currency])
    if amount is None or credit.quantity is None:
        return Match(credit.id, charge.id, hold=EXCEEDS)
    charge.credited_quantity += credit.quantity
    charge.credited_amount += amount
    return Match(credit.id, charge.id, amount, credit.quantity)


def worth(charge: Charge, credit: Credit, places: int) -> Decimal | None:
    """What a credit takes back, None if that is more than is left.

    Without an amount of its own it is its share of the charge; the last share is the
    rest, so that all shares together are the charge to the cent.
    """
    if credit.quantity is None or credit.quantity > charge.left_quantity:
        return None
    if credit.amount is not None:
        amount = credit.amount
    elif credit.quantity == charge.left_quantity:
        amount = charge.left_amount
    else:
        amount = rounded(charge.amount * credit.quantity / charge.quantity, places)
    return amount if amount <= charge.left_amount else None
