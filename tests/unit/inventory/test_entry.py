# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

import pytest
from inventory.entry import TRANSACTION, EntryLine, digest, plain, quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"),
        ("2.50", "2.5"),
        (" 3 ", "3"),
        (0.1, "0.1"),
        ("1e3", "1000"),
        ("0.000001", "1e-6"),
    ],
)
def test_quantities(text, number):
    assert quantity(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    ["0", "-1", "", "x", None, True, "NaN", "Infinity", "1e400", "1000000000", "0.0000001", [], {}],
)
def test_what_is_no_quantity(text):
    assert quantity(text) is None


def test_plain():
    assert [plain(Decimal(text)) for text in ("10", "1E+3", "2.500", "0.000001")] == [
        "10",
        "1000",
        "2.5",
        "0.000001",
    ]


def test_transaction():
    assert TRANSACTION.fullmatch("0123456789abcdef" * 2)
    for text in ("", "0123", "0123456789ABCDEF" * 2, "0123456789abcdef" * 2 + "\n"):
        assert not TRANSACTION.fullmatch(text)


def test_digest_tells_entries_apart():
    line = EntryLine(7, Decimal("2"), "L1")
    same = digest(1, "use", [line])
    assert same == digest(1, "use", [EntryLine(7, Decimal("2.0"), "L1")])
    others = [
        digest(2, "use", [line]),
        digest(1, "return", [line]),
        digest(1, "use", [line, line]),
        digest(1, "use", [EntryLine(8, Decimal("2"), "L1")]),
        digest(1, "use", [EntryLine(7, Decimal("3"), "L1")]),
        digest(1, "use", [EntryLine(7, Decimal("2"), "L2")]),
    ]
    assert same not in others
    assert len(set(others)) == len(others)
