# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What became of what was sent: message, try, breaker, trail and worklist, in one
transaction of the caller."""

import random
from datetime import UTC, datetime

from ...messaging.breaker import State
from ...messaging.delivery import (
    Answered,
    Health,
    Outcome,
    Verdict,
    judge,
    judge_status,
    outcome,
)
from ...messaging.retry import RetryPolicy
from . import gate, queue

KILL_LIMIT = 4
FINAL = ("done", "dead")


def sent(env, target, parcel, exchange):
    """A try has ended, with an answer or without."""
    now = datetime.now(UTC)
    verdict = judge(
        exchange,
        now,
        cap_seconds=parcel.policy.cap_seconds,
        conflict_is_delivered=target.conflict_is_delivered,
    )
    follows = outcome(
        verdict,
        parcel.attempt_count + 1,
        parcel.policy,
        parcel.on_unknown,
        random.random,
        is_probe=parcel.is_probe,
    )
    tripped = _tell_breaker(env.cr, target, parcel, verdict)
    _record(env, parcel, follows, verdict.status, exchange.seconds, tripped)
    return follows


def asked(env, target, parcel, exchange):
    """The receiver was asked whether it has the message."""
    answered, status = judge_status(exchange), exchange.answer and exchange.answer.status
    attempt = parcel.attempt_count + 1
    if answered is Answered.ARRIVED:
        follows = Outcome("done", None)
    elif answered is Answered.MISSING:
        follows = Outcome("retry", None, 0)
    elif attempt >= parcel.policy.max_attempts:
        follows = Outcome("review", "delivery_unknown", needs_person=True)
    else:
        policy = RetryPolicy(attempt + 1, parcel.policy.base_seconds, parcel.policy.cap_seconds)
        again = Verdict("receiver_failed", Health.NEUTRAL)
        waits = outcome(again, attempt, policy, "person", random.random).after_seconds
        follows = Outcome("unknown", "delivery_unknown", waits)
    _record(env, parcel, follows, status, exchange.seconds)
    return follows


def unusable(env, target, parcel):
    """Nothing was sent, because the endpoint cannot be used as it is."""
    follows = Outcome("review", target.problem, needs_person=True)
    _record(env, parcel, follows, None, 0)
    return follows


def interrupted(env, lane_id, endpoint_id):
    """Who was sending these was killed: they may have arrived.

    :return: how many there were
    """
    left = queue.left_behind(env.cr, lane_id, endpoint_id)
    parcels = queue.take(env.cr, endpoint_id, list(left))
    for parcel in parcels:
        parcel.started_at = left[parcel.id]
        _record(env, parcel, _after_kill(parcel), None, 0, killed=True)
    # Those that are no longer open were settled by a person meanwhile.
    held = set(left) - {parcel.id for parcel in parcels}
    env.cr.execute(
        "DELETE FROM hc_delivery d USING hc_message m WHERE m.id = d.message_id"
        " AND d.message_id = ANY(%s) AND m.state NOT IN ('queued', 'retry', 'unknown')",
        [list(held)],
    )
    return len(parcels)


def _after_kill(parcel):
    if parcel.kill_count + 1 >= KILL_LIMIT:
        return Outcome("dead", "worker_killed", needs_person=True)
    if parcel.asks:
        return Outcome("unknown", "delivery_unknown", 1)
    lost = Verdict("delivery_interrupted", Health.NEUTRAL)
    # A kill is not the message's failure: it spends no attempt.
    return outcome(lost, parcel.attempt_count, parcel.policy, parcel.on_unknown, random.random)


def _tell_breaker(cr, target, parcel, verdict):
    """:return: whether it has opened by this."""
    before, now = gate.read(cr, target.id, lock=True)
    if verdict.health is Health.BAD:
        not_before = None
        if verdict.after_seconds:
            cr.execute("SELECT %s + %s * interval '1 second'", [now, verdict.after_seconds])
            not_before = cr.fetchone()[0]
        after = before.failed(now, target.breaker, not_before)
    elif verdict.health is Health.GOOD or parcel.is_probe:
        after = before.succeeded()
    else:
        return False
    if after != before:
        gate.write(cr, target.id, after)
    return after.state is State.OPEN and before.state is not State.OPEN


def _record(env, parcel, follows, status, seconds, tripped=False, killed=False):
    held = _issue_of(env.cr, parcel)
    env.cr.execute("DELETE FROM hc_delivery WHERE message_id = %s", [parcel.id])
    _message(env.cr, parcel, follows, killed)
    _attempt(env.cr, parcel, follows, status, seconds)
    env["hc.audit.event"]._append([_audit(parcel, follows, status)])
    env.invalidate_all(flush=False)
    _report(env, parcel, follows, tripped)
    env["hc.issue"].browse(held)._settle()


def _issue_of(cr, parcel):
    cr.execute(
        "SELECT issue_id FROM hc_message WHERE id = %s AND issue_id IS NOT NULL", [parcel.id]
    )
    return [row[0] for row in cr.fetchall()]


def _message(cr, parcel, follows, killed):
    cr.execute(
        "UPDATE hc_message SET state = %s, error_code = %s, error_detail = NULL, issue_id = NULL,"
        " attempt_count = attempt_count + %s, kill_count = CASE WHEN %s THEN kill_count + 1"
        " ELSE 0 END, next_attempt_at = now() AT TIME ZONE 'UTC' + %s * interval '1 second',"
        " done_at = CASE WHEN %s THEN now() AT TIME ZONE 'UTC' END WHERE id = %s",
        [
            follows.state,
            follows.code,
            0 if killed else 1,
            killed,
            follows.after_seconds or 0,
            follows.state in FINAL,
            parcel.id,
        ],
        log_exceptions=False,
    )


def _attempt(cr, parcel, follows, status, seconds):
    trigger = "ask" if parcel.asks else "retry" if parcel.state == "retry" else "arrival"
    cr.execute(
        "INSERT INTO hc_message_attempt (message_id, company_id, started_at, duration_ms, trigger,"
        " outcome, error_code, batch_size, response_status)"
        " VALUES (%s, %s, COALESCE(%s, now() AT TIME ZONE 'UTC'), %s, %s, %s, %s, 1, %s)",
        [
            parcel.id,
            parcel.company_id,
            parcel.started_at,
            int(seconds * 1000),
            trigger,
            follows.state,
            follows.code,
            status,
        ],
    )


def _audit(parcel, follows, status):
    return {
        "action": "message.asked" if parcel.asks else "message.sent",
        "outcome": follows.state,
        "object": parcel.message.uuid,
        "system_id": parcel.system_id,
        "company_id": parcel.company_id,
        "code": follows.code,
        "correlation": parcel.message.correlation,
        "status": status,
    }


def _report(env, parcel, follows, tripped):
    told = [(follows.code, True)] if follows.needs_person else []
    if tripped:
        told.append(("sending_interrupted", False))
    if told:
        env["hc.issue"]._report([_occurrence(parcel, code, waiting) for code, waiting in told])


def _occurrence(parcel, code, waiting):
    return {
        "message_id": parcel.id,
        "waiting": waiting,
        "system_id": parcel.system_id,
        "channel_id": parcel.channel_id,
        "company_id": parcel.company_id,
        "error_code": code,
        "subject": None,
        "fix": None,
    }
