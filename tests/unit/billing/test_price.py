# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal as D

import pytest
from billing import price
from hypothesis import given
from hypothesis import strategies as st

AMOUNTS = st.decimals("0", "99999.99", places=2)
QUANTITIES = st.decimals("0.000001", "9999", places=6).filter(bool)


def test_amount_goes_before_unit_price():
    told = price.stated(D(4), D("10.00"), D("9.00"), 2)
    assert told == price.Price(D("10.00"), D("2.5"), "event_amount")
    told = price.stated(D("1.5"), None, D("12.35"), 2)
    assert told == price.Price(D("18.53"), D("12.35"), "event_price")
    assert price.stated(D(1), None, None, 2) is None


def test_nothing_told_is_not_nothing_to_pay():
    assert price.stated(D(1), D(0), None, 2) == price.Price(D(0), D(0), "event_amount")
    assert price.listed(D(1), D(0), "product", 2) is None
    assert price.listed(D(3), D("3.333"), "pricelist", 2).amount == D("10.00")


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("12.5", 2, True),
        ("12.505", 2, False),
        ("12.500", 2, True),
        ("12.5", 0, False),
        ("7", 0, True),
    ],
)
def test_precision(value, places, expected):
    assert price.is_precise(D(value), places) is expected


def test_half_a_cent_goes_away_from_zero():
    assert price.rounded(D("0.125"), 2) == D("0.13")
    assert price.rounded(D("-0.125"), 2) == D("-0.13")


@given(AMOUNTS, QUANTITIES, st.decimals("0", "5000", places=4))
def test_a_line_makes_its_amount(amount, quantity, unit):
    """As Odoo reckons: floats multiplied, then rounded to the cent."""
    pieces, shown = price.line(amount, quantity, unit, 2, 2)
    assert price.rounded(D(repr(float(pieces) * shown)), 2) == amount
    assert price.is_precise(pieces, 2)
    assert pieces in (quantity, 1)


@given(st.integers(1, 999), st.decimals("0", "5000", places=2))
def test_the_charges_own_price_is_shown_where_it_fits(quantity, unit):
    amount = price.rounded(unit * quantity, 2)
    assert price.line(amount, D(quantity), unit, 2, 2) == (D(quantity), float(unit))


def test_without_cents():
    assert price.line(D(1000), D(3), D("333.333333"), 2, 0) == (D(3), 333.333333)
    assert price.line(D(1000), D(3), D("300"), 2, 0) == (D(3), 1000 / 3)
