# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The breaker as a machine of values."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from messaging.breaker import Breaker, Gate, Policy, State, open_seconds

NOW = datetime(2026, 11, 24, 12)
POLICY = Policy(threshold=3, base_seconds=10, cap_seconds=60)
LEASE = 40


def after(breaker, *seconds_of_failures):
    for seconds in seconds_of_failures:
        breaker = breaker.failed(NOW + timedelta(seconds=seconds), POLICY)
    return breaker


def test_opens_after_failures_in_a_row():
    assert after(Breaker(), 0, 1).state is State.CLOSED
    opened = after(Breaker(), 0, 1, 2)
    assert (opened.state, opened.failures, opened.trips) == (State.OPEN, 3, 1)
    assert opened.until == NOW + timedelta(seconds=12)


def test_a_success_in_between_starts_the_count_anew():
    assert after(after(Breaker(), 0, 1).succeeded(), 2, 3).state is State.CLOSED


def test_open_waits_then_probes_once():
    opened = after(Breaker(), 0, 0, 0)
    assert opened.gate(NOW + timedelta(seconds=9)) is Gate.WAIT
    due = NOW + timedelta(seconds=10)
    assert opened.gate(due) is Gate.PROBE
    probing = opened.probing(due, LEASE)
    assert probing.gate(due) is Gate.WAIT
    assert probing.gate(due + timedelta(seconds=LEASE)) is Gate.PROBE


def test_the_probe_decides():
    probing = after(Breaker(), 0, 0, 0).probing(NOW, LEASE)
    assert probing.succeeded() == Breaker()
    again = probing.failed(NOW, POLICY)
    assert (again.state, again.trips) == (State.OPEN, 2)
    assert again.until == NOW + timedelta(seconds=20)


def test_what_was_sent_before_does_not_decide():
    opened = after(Breaker(), 0, 0, 0)
    assert opened.succeeded() == opened
    late = opened.failed(NOW + timedelta(seconds=5), POLICY)
    assert (late.until, late.trips) == (opened.until, opened.trips)


def test_the_receiver_names_a_later_time():
    later = NOW + timedelta(hours=1)
    assert Breaker().failed(NOW, Policy(threshold=1), later).until == later


def test_pauses_grow_up_to_the_longest():
    assert [open_seconds(n, POLICY) for n in range(1, 6)] == [10, 20, 40, 60, 60]
    assert open_seconds(10**9, POLICY) == 60


STEPS = st.lists(
    st.tuples(st.sampled_from(["good", "bad", "wait"]), st.integers(0, 100)), max_size=60
)


@given(STEPS)
def test_never_two_ways_at_once(steps):
    """Whatever happens: closed sends, a probe is alone, and time always leads to a probe."""
    breaker, now, probing = Breaker(), NOW, False
    for what, seconds in steps:
        now += timedelta(seconds=seconds)
        gate = breaker.gate(now)
        assert (gate is Gate.SEND) == (breaker.state is State.CLOSED)
        if gate is Gate.PROBE:
            breaker, probing = breaker.probing(now, LEASE), True
            assert breaker.gate(now) is Gate.WAIT
        if what == "bad":
            breaker = breaker.failed(now, POLICY)
        elif what == "good":
            breaker = breaker.succeeded()
        if breaker.state is State.CLOSED:
            assert breaker.failures < POLICY.threshold
            assert breaker.until is None
        else:
            assert breaker.until <= now + timedelta(seconds=max(LEASE, POLICY.cap_seconds))
            assert breaker.gate(breaker.until) is Gate.PROBE
    assert probing or breaker.trips <= 1
