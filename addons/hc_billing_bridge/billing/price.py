# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a charge costs, and how an invoice line says so to the cent.

All amounts are decimals without taxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """:param source: ``event_amount``, ``event_price``, ``pricelist`` or ``product``."""

    amount: Decimal
    unit: Decimal
    source: str


def rounded(value: Decimal, places: int) -> Decimal:
    """Half a cent goes away from zero, as Odoo rounds."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def is_precise(value: Decimal, places: int) -> bool:
    """Whether a value has no more decimal places than its currency.

    >>> is_precise(Decimal("12.50"), 2), is_precise(Decimal("12.505"), 2)
    (True, False)
    """
    return value == rounded(value, places)


def stated(
    quantity: Decimal, amount: Decimal | None, unit: Decimal | None, places: int
) -> Price | None:
    """What the event itself says: the amount of the whole goes before the unit price."""
    if amount is not None:
        return Price(amount, amount / quantity, "event_amount")
    if unit is not None:
        return Price(rounded(unit * quantity, places), unit, "event_price")
    return None


def listed(quantity: Decimal, unit: Decimal, source: str, places: int) -> Price | None:
    """From a list of prices; one of nothing is no price, it was never entered."""
    if unit <= 0:
        return None
    return Price(rounded(unit * quantity, places), unit, source)


def line(
    amount: Decimal, quantity: Decimal, unit: Decimal, unit_places: int, places: int
) -> tuple[Decimal, float]:
    """Quantity and unit price of an invoice line that make just ``amount``.

    Odoo multiplies floats and rounds to the currency; it keeps ``unit_places`` of a
    quantity. The charge's own price is tried, then one that is the amount's share; where
    neither gives the amount (or the quantity cannot be written) the line is one piece.

    >>> line(Decimal("10"), Decimal("3"), Decimal("3.33"), 2, 2)[0]
    Decimal('3')
    >>> line(Decimal("10"), Decimal("0.125"), Decimal("80"), 2, 2)
    (Decimal('1'), 10.0)
    """
    if is_precise(quantity, unit_places):
        for price in (float(unit), float(amount / quantity)):
            if _makes(price, quantity, amount, places):
                return quantity, price
    return Decimal(1), float(amount)


def _makes(price: float, quantity: Decimal, amount: Decimal, places: int) -> bool:
    """Whether float arithmetic gives the amount, and by no hair's breadth."""
    product = Decimal(repr(float(quantity) * price))
    return abs(product - amount) < Decimal("0.4").scaleb(-places)
