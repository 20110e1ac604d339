# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What an exchange with a receiver means for the message, as a value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from .errors import Kind, spec
from .http_client import Answer, Exchange, Failure
from .retry import Retry, RetryPolicy, decide
from .retry_after import retry_after


class Health(StrEnum):
    """What the breaker is told."""

    GOOD = "good"  # somebody works there
    BAD = "bad"
    NEUTRAL = "neutral"  # says nothing about it


@dataclass(frozen=True, slots=True)
class Verdict:
    """:param code: of the error registry; none: delivered.
    :param after_seconds: when the receiver wants to be asked again.
    """

    code: str | None
    health: Health
    status: int | None = None
    after_seconds: int | None = None

    @property
    def is_delivered(self) -> bool:
        return self.code is None


_FAILURES = {
    Failure.UNREACHABLE: ("receiver_unreachable", Health.BAD),
    Failure.TLS: ("tls_failed", Health.BAD),
    Failure.ADDRESS: ("address_refused", Health.NEUTRAL),
    Failure.LOST: ("delivery_unknown", Health.BAD),
}
_LATER = (408, 425)
_MARKUP = re.compile(rb"\s*(?:<!doctype\s+html|<html|<\?xml[^>]*>\s*<html)", re.IGNORECASE)
_MSA = re.compile(rb"[\r\n]MSA\|([AC][AER])\|")


def judge(
    exchange: Exchange, now: datetime, *, cap_seconds: int, conflict_is_delivered: bool = False
) -> Verdict:
    """What became of a message.

    :param now: with a time zone
    :param cap_seconds: the longest wait that a receiver may ask for
    :param conflict_is_delivered: 409 means that the receiver has the key already
    """
    answer = exchange.answer
    if answer is None:
        code, health = _FAILURES[exchange.failure or Failure.LOST]
        return Verdict(code, health)
    if answer.status < 300:
        return _accepted(answer)
    if answer.status == 409 and conflict_is_delivered:
        return Verdict(None, Health.GOOD, answer.status)
    return _refused(answer, retry_after(answer.retry_after, now, cap_seconds))


def _accepted(answer: Answer) -> Verdict:
    """A status of success is believed unless what comes with it gives it the lie."""
    if answer.status < 200 or not _is_plausible(answer):
        return Verdict("answer_implausible", Health.BAD, answer.status)
    found = _MSA.search(answer.body) if answer.body.startswith(b"MSH") else None
    if found and not found[1].endswith(b"A"):
        return Verdict("refused_by_receiver", Health.GOOD, answer.status)
    return Verdict(None, Health.GOOD, answer.status)


def _is_plausible(answer: Answer) -> bool:
    """A page for people, or JSON that is none, comes from something in between."""
    kind = answer.content_type.partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml") or _MARKUP.match(answer.body):
        return False
    if (kind == "application/json" or kind.endswith("+json")) and answer.body and not answer.is_cut:
        try:
            json.loads(answer.body)
        except (ValueError, RecursionError):
            return False
    return True


def _refused(answer: Answer, wait: int | None) -> Verdict:
    status = answer.status
    if status < 400:
        return Verdict("redirect_refused", Health.NEUTRAL, status)
    if status in (401, 403):
        return Verdict("credential_refused", Health.GOOD, status)
    if status == 429:
        return Verdict("receiver_busy", Health.NEUTRAL, status, wait)
    if status == 503 and wait is not None:
        return Verdict("receiver_busy", Health.BAD, status, wait)
    if status >= 500 or status in _LATER:
        health = Health.BAD if status >= 500 else Health.NEUTRAL
        return Verdict("receiver_failed", health, status, wait)
    return Verdict("refused_by_receiver", Health.GOOD, status)


class Answered(StrEnum):
    """What the receiver says about a message that it may have."""

    ARRIVED = "arrived"
    MISSING = "missing"
    UNCLEAR = "unclear"


def judge_status(exchange: Exchange) -> Answered:
    """The answer of the status URL: 2xx it has it, 404 or 410 it has not."""
    answer = exchange.answer
    if answer is None:
        return Answered.UNCLEAR
    if answer.status in (200, 204) and _is_plausible(answer):
        return Answered.ARRIVED
    if answer.status in (404, 410) and _is_plausible(answer):
        return Answered.MISSING
    return Answered.UNCLEAR


@dataclass(frozen=True, slots=True)
class Outcome:
    """The message's next state, and when it goes on."""

    state: str
    code: str | None
    after_seconds: int | None = None
    needs_person: bool = False


def outcome(
    verdict: Verdict,
    attempt: int,
    policy: RetryPolicy,
    on_unknown: str,
    rng: Callable[[], float],
    *,
    is_probe: bool = False,
    age_seconds: float = 0,
) -> Outcome:
    """What follows for the message after its try number ``attempt`` (from 1, of those in a
    row that failed).

    :param on_unknown: ``person``, ``ask`` or ``repeat``, as the channel says
    :param is_probe: it was sent to find out whether the receiver works, which spends none of
        its attempts; the horizon is for all
    :param age_seconds: since the first of these failures
    """
    code = verdict.code
    if code is None:
        return Outcome("done", None)
    kind = spec(code).kind
    if kind == "unknown" and on_unknown != "repeat":
        asks = on_unknown == "ask"
        return Outcome("unknown", code, 1 if asks else None, needs_person=not asks)
    if kind not in ("transient", "unknown"):
        return Outcome("review", code, needs_person=True)
    wait = _wait(verdict, attempt, policy, rng, age_seconds)
    if wait is None or (attempt >= policy.max_attempts and not is_probe):
        return Outcome("dead", code, needs_person=True)
    return Outcome("retry", code, wait)


def _wait(
    verdict: Verdict, attempt: int, policy: RetryPolicy, rng: Callable[[], float], age: float
) -> int | None:
    """Seconds until the next try; none where that would lie behind the horizon. The last try
    is at the horizon, unless the receiver wants to be left alone for longer."""
    if verdict.after_seconds is not None:
        wait = max(1, verdict.after_seconds)
        return wait if wait <= policy.horizon_seconds - age else None
    patient = replace(policy, max_attempts=attempt + 1)
    decision = decide(Kind.TRANSIENT, attempt, patient, rng, age_seconds=age)
    return decision.after_seconds if isinstance(decision, Retry) else None


def ask_again(
    attempt: int, policy: RetryPolicy, rng: Callable[[], float], *, age_seconds: float = 0
) -> Outcome:
    """What follows when the receiver was asked for a message, and did not say.

    :param attempt: how often in a row it was sent or asked for
    """
    decision = decide(Kind.TRANSIENT, attempt, policy, rng, age_seconds=age_seconds)
    if isinstance(decision, Retry):
        return Outcome("unknown", "delivery_unknown", decision.after_seconds)
    return Outcome("review", "delivery_unknown", needs_person=True)
