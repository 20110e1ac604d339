# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The arithmetic of rates: workers that share a bucket, simulated with a clock of their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import errors_pressure
from messaging.errors import spec
from messaging.rate import LEASE_SECONDS, LONGEST_WAIT, Limit, Share, filled, granted, wait

limits = st.builds(Limit, st.floats(0.1, 5000), st.integers(0, 5000))


class Bucket:
    """What the database keeps, with the same arithmetic as its statement."""

    def __init__(self, limit):
        self.limit, self.tokens, self.at = limit, float(limit.capacity), 0.0

    def borrow(self, wanted, returned, now, whole):
        self.tokens = filled(self.limit, self.tokens + returned, now - self.at)
        self.at = now
        got = granted(self.limit, self.tokens, wanted, whole)
        self.tokens -= got
        return got


def ask(bucket, share, wanted, now, whole=False):
    """As the engine does it; how many were had."""
    if share.gives(wanted, now):
        return wanted
    if share.is_empty(wanted, now):
        return 0
    given = share.lent(bucket.borrow(wanted, share.tokens, now, whole), wanted, now)
    if given < wanted:
        left = wait(bucket.limit, bucket.tokens, wanted - given)
        share.refused(wanted if whole else 1, left, now)
    return given


requests = st.lists(
    st.tuples(st.integers(0, 3), st.floats(0, 0.5), st.integers(1, 500)), min_size=1, max_size=120
)


@given(limits, requests)
def test_workers_together_stay_within_rate_and_burst(limit, asked):
    """In every span of time: burst, rate, and what the workers had in hand."""
    bucket, shares, now, log = Bucket(limit), [Share() for _ in range(4)], 0.0, []
    for worker, pause, wanted in asked:
        now += pause
        log.append((now, ask(bucket, shares[worker], wanted, now)))
    slack = limit.capacity + len(shares) * limit.ahead + 1e-6 * len(log)
    for start in range(0, len(log), 7):
        total = 0
        for moment, had in log[start:]:
            total += had
            assert total <= slack + limit.per_second * (moment - log[start][0])


@given(limits, requests)
def test_whole_documents_stay_within_the_rate_in_the_long_run(limit, asked):
    """One that is larger than the bucket leaves a debt, which is paid before the next."""
    bucket, share, now, total, largest = Bucket(limit), Share(), 0.0, 0, 0
    for _worker, pause, wanted in asked:
        now += pause
        had = ask(bucket, share, wanted, now, whole=True)
        assert had in (0, wanted)
        total, largest = total + had, max(largest, had)
    assert total <= limit.capacity + largest + limit.per_second * now + 1e-6


@given(limits)
def test_who_keeps_to_the_rate_is_never_refused(limit):
    """What workers have in hand is brought back: nobody starves of it."""
    bucket, shares, now = Bucket(limit), [Share() for _ in range(4)], 0.0
    for number in range(200):
        assert ask(bucket, shares[number % 4], 1, now) == 1 or limit.capacity < 40
        now += 1.25 / limit.per_second


@given(limits, st.floats(-1e9, 0))
def test_a_clock_that_is_set_back_fills_nothing(limit, elapsed):
    assert filled(limit, 0.0, elapsed) == 0


@given(limits, st.floats(-1000, 0.99), st.integers(1, 1000))
def test_after_the_wait_it_is_there(limit, tokens, wanted):
    seconds = wait(limit, tokens, wanted)
    assert 1 <= seconds <= LONGEST_WAIT
    if seconds < LONGEST_WAIT:
        later = filled(limit, tokens, seconds + 1e-3)
        assert later >= min(wanted, limit.capacity) - 1e-3


def test_no_limit():
    assert not Limit(0, 100).holds
    assert Limit(0.5, 0).holds
    assert Limit(0.5, 0).capacity == 1


def test_refusals_are_remembered_for_a_moment():
    share = Share()
    share.refused(10, 7, now=1.0)
    assert share.is_empty(10, 1.0 + LEASE_SECONDS / 2)
    assert not share.is_empty(9, 1.0)
    assert not share.is_empty(10, 1.0 + LEASE_SECONDS)
    assert share.retry_after == 7


def test_what_is_in_hand_grows_old():
    share = Share()
    assert share.lent(5, 2, now=1.0) == 2
    assert share.gives(2, 1.05)
    assert not share.gives(2, 1.05)
    assert not share.gives(1, 1.0 + LEASE_SECONDS)
    assert share.tokens == 1


@pytest.mark.parametrize("code", [errors_pressure.RATE_LIMITED, errors_pressure.BACKLOG_FULL])
def test_refusals_of_every_standard(code):
    found = spec(code)
    assert (found.status, found.hl7[0], found.fhir) == (429, "R", "throttled")
