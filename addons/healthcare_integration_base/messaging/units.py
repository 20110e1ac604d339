# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Units of the Unified Code for Units of Measure, as Odoo's own units."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

_LOSS_LIMIT = Decimal("0.005")

# Only codes that mean one thing. An annotation such as "{box}" counts boxes of unknown
# content, and a UCUM day has 24 hours where Odoo's has 8: neither is guessed.
UCUM = MappingProxyType(
    {
        "1": "uom.product_uom_unit",
        "{each}": "uom.product_uom_unit",
        "{count}": "uom.product_uom_unit",
        "{piece}": "uom.product_uom_unit",
        "{#}": "uom.product_uom_unit",
        "mm": "uom.product_uom_millimeter",
        "cm": "uom.product_uom_cm",
        "m": "uom.product_uom_meter",
        "km": "uom.product_uom_km",
        "m2": "uom.product_uom_square_meter",
        "mL": "uom.product_uom_milliliter",
        "ml": "uom.product_uom_milliliter",
        "cm3": "uom.product_uom_milliliter",
        "L": "uom.product_uom_litre",
        "l": "uom.product_uom_litre",
        "dm3": "uom.product_uom_litre",
        "m3": "uom.product_uom_cubic_meter",
        "g": "uom.product_uom_gram",
        "kg": "uom.product_uom_kgm",
        "t": "uom.product_uom_ton",
        "min": "uom.product_uom_minute",
        "h": "uom.product_uom_hour",
        "[in_i]": "uom.product_uom_inch",
        "[ft_i]": "uom.product_uom_foot",
        "[yd_i]": "uom.product_uom_yard",
        "[sft_i]": "uom.product_uom_square_foot",
        "[oz_av]": "uom.product_uom_oz",
        "[lb_av]": "uom.product_uom_lb",
        "[foz_us]": "uom.product_uom_floz",
        "[qt_us]": "uom.product_uom_qt",
        "[gal_us]": "uom.product_uom_gal",
        "kW.h": "uom.product_uom_kwh",
    }
)


def convert(
    quantity: Decimal, factor: Decimal, target_factor: Decimal, digits: int
) -> Decimal | None:
    """``quantity`` of a unit in another of the same kind, in ``digits`` places.

    :return: None where rounding would change the quantity by more than half a percent:
        one tablet of a box of thirty is not 0.03 boxes.
    """
    exact = quantity * factor / target_factor
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    if not rounded or abs(rounded - exact) > abs(exact) * _LOSS_LIMIT:
        return None
    return rounded


def gtin_forms(value: str) -> tuple[str, ...]:
    """The ways in which one GTIN may be written: as sent, and in 8, 12, 13, 14 digits."""
    if not (value.isascii() and value.isdigit()) or len(value) > 14:
        return (value,)
    bare = value.lstrip("0")
    forms = [bare.zfill(length) for length in (8, 12, 13, 14) if length >= len(bare)]
    return tuple(dict.fromkeys([value, *forms]))
