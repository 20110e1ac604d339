# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from inventory.aggregate import Line, Shelf, transfers_by_day

DAYS = [date(2026, 11, day) for day in (1, 2, 3)]


@st.composite
def lines(draw):
    number = draw(st.integers(0, 40))
    return [
        Line(
            token=(index, "1"),
            product=draw(st.integers(1, 3)),
            lot=draw(st.sampled_from([None, 7, 8])),
            quantity=Decimal(draw(st.integers(1, 500))) / 100,
            source=draw(st.integers(1, 2)),
            destination=draw(st.integers(10, 11)),
            analytic=draw(st.sampled_from([None, 5])),
            at=datetime(2026, 11, 3, draw(st.integers(0, 23))),
            day=draw(st.sampled_from(DAYS)),
        )
        for index in range(number)
    ]


@given(lines())
def test_nothing_is_lost_or_mixed(given_lines):
    expected = defaultdict(Decimal)
    for line in given_lines:
        key = (line.day, line.source, line.destination, line.product, line.analytic, line.lot)
        expected[key] += line.quantity
    found, tokens = {}, []
    for day, transfers in transfers_by_day(given_lines).items():
        for transfer in transfers:
            for (product, analytic), move in transfer.moves.items():
                tokens += move.tokens
                assert move.quantity == sum(move.lots.values())
                for lot, quantity in move.lots.items():
                    place = (day, transfer.source, transfer.destination)
                    found[(*place, product, analytic, lot)] = quantity
    assert found == expected
    assert sorted(tokens) == [line.token for line in given_lines]


@given(lines())
def test_days_in_order_and_dated_at_the_last_use(given_lines):
    days = transfers_by_day(given_lines)
    assert list(days) == sorted(days)
    latest = {}
    for line in given_lines:
        key = (line.day, line.source, line.destination)
        latest[key] = max(line.at, latest.get(key, line.at))
    for transfers in days.values():
        for transfer in transfers:
            assert transfer.at == latest[transfer.day, transfer.source, transfer.destination]


def line(quantity, lot=None):
    moment = datetime(2026, 11, 1, 9)
    return Line((1, "1"), 1, lot, Decimal(quantity), 1, 10, None, moment, DAYS[0])


def test_shelf_counts_the_lines_of_a_message_together():
    shelf = Shelf({(1, None, 1): Decimal(10)})
    assert shelf.short([line(6), line(4)]) == []
    assert shelf.short([line(6), line(5)]) == [line(5)]
    assert shelf.short([line(10)]) == [], "asking takes nothing"
    shelf.take([line(6)])
    assert shelf.short([line(5)]) == [line(5)]
    assert shelf.short([line(4)]) == []


def test_shelf_knows_lots_apart():
    shelf = Shelf({(1, 7, 1): Decimal(1)})
    assert shelf.short([line(1, lot=7)]) == []
    assert shelf.short([line(1, lot=8)]) == [line(1, lot=8)]
