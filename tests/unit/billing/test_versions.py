# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import itertools
from datetime import datetime, timedelta

import pytest
from billing.versions import RANKS, History, Verdict, moment_of, version_of
from hypothesis import given
from hypothesis import strategies as st

T0 = datetime(2026, 11, 24, 9, 0)


def at(minutes, state):
    return version_of(T0 + timedelta(minutes=minutes), state)


BOOKED = ({"state": "booked", "start": 9, "services": frozenset({"A"})}, at(0, "booked"))
MOVED = ({"state": "booked", "start": 11}, at(5, "booked"))
CANCELLED = ({"state": "cancelled"}, at(9, "cancelled"))


@pytest.mark.parametrize("order", [*itertools.permutations([BOOKED, MOVED, CANCELLED])])
def test_every_order_ends_alike(order):
    history = History()
    for stated, version in order:
        history.apply(stated, version)
    assert history.values == {"state": "cancelled", "start": 11, "services": frozenset({"A"})}


def test_verdicts():
    history = History()
    assert history.apply(*MOVED) == Verdict.APPLIED
    assert history.apply(*MOVED) == Verdict.RESTATED
    assert history.apply({"state": "booked", "start": 9}, at(0, "booked")) == Verdict.SUPERSEDED
    assert history.apply({"state": "booked", "end": 12}, at(0, "booked")) == Verdict.APPLIED
    assert history.apply({"state": "booked", "start": 11}, at(-5, "booked")) == Verdict.RESTATED


def test_a_restatement_is_newer_all_the_same():
    """Booked, cancelled, booked again: the late cancellation must not win."""
    history = History()
    history.apply({"state": "booked"}, at(0, "booked"))
    assert history.apply({"state": "booked"}, at(10, "booked")) == Verdict.RESTATED
    assert history.apply({"state": "cancelled"}, at(5, "cancelled")) == Verdict.SUPERSEDED
    assert history.values["state"] == "booked"


def test_of_one_moment_the_more_final_holds():
    for first, second in itertools.permutations([("booked", 0), ("cancelled", 0)]):
        history = History()
        for state, minutes in (first, second):
            history.apply({"state": state}, at(minutes, state))
        assert history.values["state"] == "cancelled"


def test_version_sorts_by_microseconds():
    early, late = T0.replace(microsecond=9), T0.replace(microsecond=100)
    assert version_of(early, "cancelled") < version_of(late, "pending")
    assert moment_of(version_of(late, "pending")) == late


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 500),
        st.sampled_from(RANKS),
        st.dictionaries(st.sampled_from(["start", "end", "services"]), st.integers(0, 2)),
    ),
    max_size=8,
    unique_by=lambda event: event[0],
)


@given(EVENTS, st.randoms())
def test_the_newest_statement_of_each_field_holds(events, random):
    shuffled = list(events)
    random.shuffle(shuffled)
    history = History()
    for minutes, state, rest in shuffled:
        history.apply({"state": state, **rest}, at(minutes, state))
    expected = {}
    for _minutes, state, rest in sorted(events, key=lambda event: event[0]):
        expected |= {"state": state, **rest}
    assert history.values == expected
