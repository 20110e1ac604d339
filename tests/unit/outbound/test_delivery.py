# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What answers mean, and what follows for the message."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import errors_outbound
from messaging.delivery import Answered, Health, Verdict, judge, judge_status, outcome
from messaging.errors import Kind, spec
from messaging.http_client import Answer, Exchange, Failure
from messaging.retry import RetryPolicy
from messaging.retry_after import retry_after

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = RetryPolicy(max_attempts=3, base_seconds=10, cap_seconds=100)
ACK = b"MSH|^~\\&|A|B|C|D|20261124||ACK|1|P|2.5.1\rMSA|%b|42\r"


def judged(status, kind="", body=b"", wait=None, **options):
    exchange = Exchange(answer=Answer(status, kind, retry_after=wait, body=body))
    return judge(exchange, NOW, cap_seconds=3600, **options)


@pytest.mark.parametrize(
    ("status", "code", "health"),
    [
        (200, None, Health.GOOD),
        (202, None, Health.GOOD),
        (204, None, Health.GOOD),
        (300, "redirect_refused", Health.NEUTRAL),
        (307, "redirect_refused", Health.NEUTRAL),
        (400, "refused_by_receiver", Health.GOOD),
        (401, "credential_refused", Health.GOOD),
        (403, "credential_refused", Health.GOOD),
        (408, "receiver_failed", Health.NEUTRAL),
        (409, "refused_by_receiver", Health.GOOD),
        (410, "refused_by_receiver", Health.GOOD),
        (425, "receiver_failed", Health.NEUTRAL),
        (429, "receiver_busy", Health.NEUTRAL),
        (500, "receiver_failed", Health.BAD),
        (503, "receiver_failed", Health.BAD),
        (599, "receiver_failed", Health.BAD),
    ],
)
def test_statuses(status, code, health):
    verdict = judged(status)
    assert (verdict.code, verdict.health, verdict.status) == (code, health, status)


def test_a_known_key():
    assert judged(409, conflict_is_delivered=True).is_delivered
    assert not judged(422, conflict_is_delivered=True).is_delivered


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html; charset=utf-8", b"<p>Log in"),
        ("text/plain", b"  <!DOCTYPE html>"),
        ("", b"<HTML>"),
        ("application/json", b"{"),
        ("application/problem+json", b"\xff"),
        ("application/json", b"[" * 5000),
    ],
)
def test_lies(kind, body):
    assert judged(200, kind, body).code == "answer_implausible"


@pytest.mark.parametrize(
    ("kind", "body"),
    [("", b""), ("application/json", b""), ("application/json", b"{}"), ("text/plain", b"OK")],
)
def test_truths(kind, body):
    assert judged(200, kind, body).is_delivered


@pytest.mark.parametrize(("word", "ok"), [(b"AA", 1), (b"CA", 1), (b"AE", 0), (b"CR", 0)])
def test_acknowledgements(word, ok):
    assert judged(200, "application/hl7-v2", ACK % word).is_delivered == bool(ok)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure.UNREACHABLE, "receiver_unreachable"),
        (Failure.TLS, "tls_failed"),
        (Failure.ADDRESS, "address_refused"),
        (Failure.LOST, "delivery_unknown"),
    ],
)
def test_failures(failure, code):
    assert judge(Exchange(failure=failure), NOW, cap_seconds=1).code == code


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (200, "", Answered.ARRIVED),
        (204, "", Answered.ARRIVED),
        (200, "text/html", Answered.UNCLEAR),
        (202, "", Answered.UNCLEAR),
        (404, "", Answered.MISSING),
        (404, "text/html", Answered.UNCLEAR),
        (410, "", Answered.MISSING),
        (500, "", Answered.UNCLEAR),
        (401, "", Answered.UNCLEAR),
    ],
)
def test_asked(status, kind, said):
    assert judge_status(Exchange(answer=Answer(status, kind))) is said


def follows(code, attempt=1, on_unknown="person", after=None, **options):
    verdict = Verdict(code, Health.BAD, after_seconds=after)
    return outcome(verdict, attempt, POLICY, on_unknown, lambda: 0.999, **options)


@pytest.mark.parametrize(
    "code", [code for code in errors_outbound.UNSETTLED if spec(code).kind is Kind.UNKNOWN]
)
def test_an_unknown_outcome_is_settled_as_the_channel_says(code):
    assert (follows(code).state, follows(code).needs_person) == ("unknown", True)
    asks = follows(code, on_unknown="ask")
    assert (asks.state, asks.needs_person, asks.after_seconds) == ("unknown", False, 1)
    assert follows(code, on_unknown="repeat").state == "retry"
    assert follows(code, 3, on_unknown="repeat").state == "dead"


def test_transient():
    assert follows("receiver_failed", 1).after_seconds == 10
    assert follows("receiver_failed", 2).after_seconds == 20
    assert follows("receiver_busy", after=77).after_seconds == 77
    assert follows("receiver_failed", 3).state == "dead"
    assert follows("receiver_failed", 3, is_probe=True).state == "retry"


def test_what_a_person_must_see():
    for code in ("refused_by_receiver", "credential_refused", "redirect_refused"):
        assert (follows(code).state, follows(code).needs_person) == ("review", True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        (" 7 ", 7),
        ("99999999", 3600),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60),
        ("Tuesday, 24-Nov-26 12:01:00 GMT", 60),
        ("Tue Nov 24 12:01:00 2026", 60),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2099 11:00:00 GMT", 3600),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("9" * 5000, None),
        ("٧", None),
    ],
)
def test_retry_after(header, seconds):
    assert retry_after(header, NOW, 3600) == seconds


@given(st.text(max_size=80))
def test_retry_after_never_raises(header):
    seconds = retry_after(header, NOW, 3600)
    assert seconds is None or 0 <= seconds <= 3600


@given(
    st.integers(100, 999),
    st.text(max_size=30),
    st.binary(max_size=60),
    st.integers(1, 9),
    st.sampled_from(["person", "ask", "repeat"]),
)
def test_every_answer_leads_somewhere(status, kind, body, attempt, on_unknown):
    verdict = judged(status, kind, body)
    done = outcome(verdict, attempt, POLICY, on_unknown, lambda: 0.5)
    assert done.state in ("done", "retry", "review", "unknown", "dead")
    assert (done.state == "done") == verdict.is_delivered
    assert done.code is None or spec(done.code).code == done.code
    if done.state == "done":
        assert 200 <= status < 300


def test_a_failure_that_lasts_ends_at_the_horizon():
    policy = RetryPolicy(max_attempts=100, base_seconds=10, cap_seconds=3600, horizon_seconds=7200)

    def after(age, attempt=20, **options):
        verdict = Verdict("receiver_failed", Health.BAD, after_seconds=options.pop("wait", None))
        return outcome(
            verdict, attempt, policy, "person", lambda: 0.999, age_seconds=age, **options
        )

    assert after(0).state == "retry"
    late = after(7000)
    assert (late.state, late.after_seconds) == ("retry", 200)
    assert (after(7200).state, after(7200).needs_person) == ("dead", True)
    assert after(7200, is_probe=True).state == "dead"
    # It is never asked again before it wants to be.
    assert after(7000, wait=100).after_seconds == 100
    assert after(7000, wait=600).state == "dead"
