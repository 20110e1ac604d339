# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import errors_outcomes  # noqa: F401  registers its codes
from messaging.errors import Kind, RetryRule, all_specs, spec
from messaging.retry import AFTER, Dead, Retry, RetryPolicy, Review, decide

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


def test_horizon_ends_it_however_many_attempts_are_left():
    policy = RetryPolicy(max_attempts=100, horizon_seconds=3600)
    assert decide(Kind.TRANSIENT, 2, policy, lambda: 0.0, age_seconds=3599) == Retry(1)
    assert decide(Kind.TRANSIENT, 2, policy, lambda: 0.0, age_seconds=3600) == Dead()
    assert decide(Kind.TRANSIENT, 2, policy, lambda: 0.0, age_seconds=3599.5) == Dead()


def test_no_try_is_set_beyond_the_horizon():
    policy = RetryPolicy(horizon_seconds=3600)
    assert decide(Kind.TRANSIENT, 7, policy, lambda: 0.999, age_seconds=3590) == Retry(10)


def test_a_code_of_its_own_policy():
    policy = RetryPolicy(max_attempts=3, base_seconds=100, cap_seconds=500, horizon_seconds=60)
    rule = RetryRule(base_seconds=1, max_attempts=5)
    assert policy.under(None) == policy
    assert policy.under(rule) == RetryPolicy(5, 1, 500, 60)


@pytest.mark.parametrize("code", ["database_conflict", "database_gone"])
def test_what_passes_in_a_moment_is_tried_soon_and_often(code):
    policy = RetryPolicy().under(spec(code).retry)
    assert policy.base_seconds < RetryPolicy().base_seconds
    assert policy.max_attempts > RetryPolicy().max_attempts


def test_only_what_may_pass_has_a_rule():
    assert all(one.retry is None or one.kind is Kind.TRANSIENT for one in all_specs())


def test_every_kind_is_decided():
    assert set(AFTER) == set(Kind)
