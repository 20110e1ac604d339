# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal as D

from billing.credit import CURRENCY, EXCEEDS, WAITING, Charge, Credit, match
from hypothesis import given
from hypothesis import strategies as st

EUR, USD = 1, 2
PLACES = {EUR: 2, USD: 2}


def charge(quantity="3", amount="10.00", **values):
    return Charge(7, D(quantity), D(amount), EUR, **values)


def serve(one, *credits):
    return match({one.id: one}, credits, PLACES)


def test_last_share_is_the_rest():
    one = charge()
    shares = serve(one, *(Credit(number, 7, D(1)) for number in range(3)))
    assert [share.amount for share in shares] == [D("3.33"), D("3.33"), D("3.34")]
    assert (one.left_quantity, one.left_amount) == (0, 0)


def test_amount_of_its_own():
    (one,) = serve(charge(), Credit(1, 7, D(1), D("9.99"), EUR))
    assert (one.amount, one.hold) == (D("9.99"), None)


def test_what_is_held():
    target = charge(credited_quantity=D(2), credited_amount=D("6.66"))
    held = serve(
        target,
        Credit(1, None, D(1)),
        Credit(2, 8, D(1)),
        Credit(3, 7, D(2)),
        Credit(4, 7, D(1), D("3.35"), EUR),
        Credit(5, 7, None),
        Credit(6, 7, D(1), D("1.00"), USD),
    )
    assert [one.hold for one in held] == [WAITING, WAITING, EXCEEDS, EXCEEDS, EXCEEDS, CURRENCY]
    assert (target.credited_quantity, target.credited_amount) == (D(2), D("6.66"))
    (last,) = serve(target, Credit(7, 7, D(1)))
    assert last.amount == D("3.34")


@given(
    st.integers(1, 50),
    st.decimals("0.01", "9999.99", places=2),
    st.lists(st.integers(1, 20), max_size=8),
)
def test_credits_never_exceed_and_are_exact(quantity, amount, pieces):
    one = charge(str(quantity), str(amount))
    served = [
        m for m in serve(one, *(Credit(i, 7, D(p)) for i, p in enumerate(pieces))) if not m.hold
    ]
    taken = sum((m.quantity for m in served), D())
    money = sum((m.amount for m in served), D())
    assert taken <= quantity
    assert money <= amount
    assert (one.credited_quantity, one.credited_amount) == (taken, money)
    assert (taken == quantity) <= (money == amount)
