# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal as D

import pytest
from messaging.units import UCUM, convert, gtin_forms


@pytest.mark.parametrize(
    ("quantity", "factor", "target", "expected"),
    [
        (D("2"), D("12"), D("1"), D("24")),
        (D("1"), D("1"), D("12"), None),
        (D("6"), D("1"), D("12"), D("0.5")),
        (D("0.001"), D("1"), D("1"), None),
        (D("1"), D("1"), D("30"), None),
        (D("10"), D("1"), D("30"), None),
        (D("100"), D("1"), D("30"), D("3.33")),
        (D("1.5"), D("1"), D("1"), D("1.5")),
    ],
)
def test_convert(quantity, factor, target, expected):
    assert convert(quantity, factor, target, 2) == expected


def test_a_box_is_never_guessed():
    assert "{box}" not in UCUM
    assert "EA" not in UCUM
    assert "d" not in UCUM
    assert UCUM["1"] == UCUM["{each}"] == "uom.product_uom_unit"


def test_gtin_forms():
    assert gtin_forms("00380740000011") == (
        "00380740000011",
        "380740000011",
        "0380740000011",
    )
    assert gtin_forms("ABC") == ("ABC",)
    assert gtin_forms("1" * 20) == ("1" * 20,)
    assert gtin_forms("12345670")[0] == "12345670"
