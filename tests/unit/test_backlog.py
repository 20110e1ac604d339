# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from hypothesis import given
from hypothesis import strategies as st
from messaging import backlog
from messaging.backlog import Gauge, free_mark, is_full, look_again_after, retry_after, seen


def test_full_until_a_fifth_is_free():
    assert not is_full(100, 99, was_full=False)
    assert is_full(100, 100, was_full=False)
    assert is_full(100, 81, was_full=True)
    assert not is_full(100, 80, was_full=True)


@given(st.integers(1, 10**6), st.booleans())
def test_an_empty_place_is_never_full(limit, was_full):
    assert not is_full(limit, 0, was_full)


@given(st.integers(0, 10**6), st.booleans())
def test_no_limit(waiting, was_full):
    assert not is_full(0, waiting, was_full)


def test_retry_after_by_the_rate_of_late():
    gauge = seen(None, 100, 120, at=10.0)
    assert (gauge.full, retry_after(gauge, 100)) == (True, backlog.UNKNOWN_WAIT)
    gauge = seen(gauge, 100, 110, at=12.0)
    assert (gauge.full, gauge.rate, retry_after(gauge, 100)) == (True, 5.0, 6)
    gauge = seen(gauge, 100, 80, at=18.0)
    assert not gauge.full
    assert gauge.rate == 5.0


def test_no_rate_from_a_place_that_takes_messages():
    assert seen(Gauge(50, False, 1.0), 100, 10, at=2.0).rate == 0


def test_the_rate_stays_known_when_nothing_is_worked_off():
    gauge = seen(Gauge(120, True, 1.0, rate=4.0), 100, 125, at=2.0)
    assert (gauge.full, gauge.rate) == (True, 4.0)


@given(st.integers(1, 10**6), st.integers(0, 10**7), st.floats(0, 1e6), st.floats(0, 1e6))
def test_waits_are_bounded(limit, waiting, rate, at):
    seconds = retry_after(Gauge(waiting, True, at, rate), limit)
    assert backlog.SHORTEST_WAIT <= seconds <= backlog.LONGEST_WAIT


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_clock_that_is_set_back_makes_no_rate(limit, waiting, first, second):
    after = seen(Gauge(limit, True, max(first, second)), limit, waiting, min(first, second))
    assert after.rate == 0
    assert after.full == (waiting > free_mark(limit))


def test_a_count_that_takes_long_is_made_less_often():
    assert look_again_after(0.001) == backlog.LOOK_SECONDS
    assert look_again_after(0.5) == 10
