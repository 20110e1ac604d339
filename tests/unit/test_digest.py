# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.digest import canonical, framed, keyed
from messaging.values import (
    canonical_decimal,
    canonical_time,
    parse_date_time,
    parse_decimal,
)

decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)


def test_canonical_form():
    data = {"b": [1, True, None], "a": "ä\n", "c": {"y": Decimal("1.50"), "x": Decimal("2.0")}}
    expected = '{"a":"ä\\n","b":[1,true,null],"c":{"x":2,"y":["\\u0000decimal","1.5"]}}'
    assert canonical(data) == expected.encode()
    assert canonical({"x": Decimal("1E+2")}) == canonical({"x": 100})
    with pytest.raises(TypeError):
        canonical({"x": object()})


@given(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3)))
def test_order_does_not_matter(data):
    assert canonical(data) == canonical(dict(reversed(data.items())))


@given(st.lists(st.text(max_size=4)), st.lists(st.text(max_size=4)))
def test_parts_never_run_together(one, other):
    assert (framed(tuple(one)) == framed(tuple(other))) is (one == other)
    assert (keyed(b"k", *one) == keyed(b"k", *other)) is (one == other)


def test_keyed():
    assert len(keyed(b"k", "a")) == 64
    assert keyed(b"k", "a") != keyed(b"l", "a")
    assert keyed(b"k", "a") == keyed(b"k", b"a")


@given(decimals)
def test_decimals_keep_their_value(value):
    text = canonical_decimal(value)
    assert Decimal(text) == value
    assert "e" not in text.lower()
    assert not text.endswith(".")
    assert canonical_decimal(Decimal(text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.50", "1.5"),
        ("0.0", "0"),
        ("-0.00", "0"),
        ("-0", "0"),
        ("1E+3", "1000"),
        ("100", "100"),
        ("1e-20", "0." + "0" * 19 + "1"),
        ("123456789012345678901234567890.10", "123456789012345678901234567890.1"),
    ],
)
def test_canonical_decimal(value, text):
    assert canonical_decimal(Decimal(value)) == text


def test_parse_decimal():
    assert parse_decimal("+1.50") == Decimal("1.5")
    assert parse_decimal(3) == 3
    for value in ("", " 1", "1e3", "1,5", ".5", "1.", "NaN", "١", "1" * 31, True, None, [], 1.5):
        assert parse_decimal(value) is None
    assert parse_decimal(Decimal("NaN")) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22T09:00:00Z", "2026-11-22T09:00:00Z"),
        ("2026-11-22t10:00:00.500+01:00", "2026-11-22T09:00:00.500000Z"),
        ("2026-11-22T09:00:00", "2026-11-22T09:00:00"),
        ("2026-11-22 09:00", "2026-11-22T09:00:00"),
        ("2026-12-31T23:59:60Z", "2026-12-31T23:59:59Z"),
        ("2026-11-22T09:00:00.123456789Z", "2026-11-22T09:00:00.123456Z"),
    ],
)
def test_canonical_time(text, expected):
    assert canonical_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-11",
        "2026-13-01",
        "2026-02-30",
        "20261122",
        "2026-11-22T25:00:00Z",
        "2026-11-22T09:00:00+25:00",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "0000-01-01",
        "2026-11-22T09:00:00Z ",
        "2026-11-22T09:00:00Z\n",
        "٢٠٢٦-11-22",
        "2026-W47-7",
        "now",
    ],
)
def test_no_time(text):
    assert canonical_time(text) is None
    assert parse_date_time(text) is None
