# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What somebody has entered on the screen "Record Use", checked and made comparable."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

TRANSACTION = re.compile(r"[0-9a-f]{32}")
"""A number that the screen makes once for each cart."""
MOST_LINES = 200
PLACES = 6
LARGEST = Decimal(10) ** 9


@dataclass(frozen=True, slots=True)
class EntryLine:
    """:param quantity: in the unit of the product. :param lot: empty where none is named."""

    product: int
    quantity: Decimal
    lot: str = ""


def quantity(text: object) -> Decimal | None:
    """A quantity greater than zero that the contract can carry, or None."""
    try:
        number = Decimal(str(text).strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 < number < LARGEST:
        return None
    exponent = number.normalize().as_tuple().exponent
    return number if isinstance(exponent, int) and exponent >= -PLACES else None


def plain(number: Decimal) -> str:
    """Without exponent and idle zeros: "10", "2.5"."""
    return f"{number.normalize():f}"


def digest(ward: int, kind: str, lines: Iterable[EntryLine]) -> str:
    """The same for the same entry only, by which a second try is known from another one."""
    content = [(line.product, plain(line.quantity), line.lot) for line in lines]
    return hashlib.sha256(repr((ward, kind, content)).encode()).hexdigest()
