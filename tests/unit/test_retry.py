# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.errors import Kind
from messaging.retry import Dead, Retry, RetryPolicy, Review, decide

POLICY = RetryPolicy()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.POISON, Dead()),
        (Kind.PERSON, Review()),
        (Kind.PERMANENT, Review()),
        (Kind.UNKNOWN, Review()),
    ],
)
def test_kinds_that_are_not_tried_again(kind, expected):
    assert decide(kind, 1, POLICY, lambda: 0.5) == expected


def test_backoff_doubles_up_to_the_cap():
    delays = [decide(Kind.TRANSIENT, n, RetryPolicy(20), lambda: 1.0) for n in range(1, 13)]
    seconds = [delay.after_seconds for delay in delays]
    assert seconds == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]


def test_attempts_are_spent():
    assert decide(Kind.TRANSIENT, 7, POLICY, lambda: 0.0) == Retry(1)
    assert decide(Kind.TRANSIENT, 8, POLICY, lambda: 0.0) == Dead()
    assert decide(Kind.TRANSIENT, 1, RetryPolicy(max_attempts=1), lambda: 0.0) == Dead()


@given(
    st.integers(-5, 10**6),
    st.builds(RetryPolicy, st.integers(0, 10**7), st.integers(0, 10**5), st.integers(0, 10**6)),
    st.floats(0, 1, exclude_max=True),
)
def test_delay_is_bounded(attempt, policy, share):
    decision = decide(Kind.TRANSIENT, attempt, policy, lambda: share)
    if isinstance(decision, Retry):
        assert attempt < policy.max_attempts
        assert 1 <= decision.after_seconds <= max(1, policy.cap_seconds)
