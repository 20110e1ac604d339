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
    ask_again,
    judge,
    judge_status,
    outcome,
)
from . import gate, queue

KILL_LIMIT = 4
FINAL = ("done", "dead")
MESSAGE = """
    UPDATE hc_message
       SET state = %(state)s, error_code = %(code)s, error_detail = NULL, issue_id = NULL,
           attempt_count = attempt_count + %(tries)s,
           kill_count = CASE WHEN %(kills)s IS NULL THEN 0 ELSE kill_count + %(kills)s END,
           retry_count = CASE WHEN %(fails)s THEN COALESCE(retry_count, 0) + %(tries)s ELSE 0 END,
           retrying_since = CASE WHEN %(fails)s THEN COALESCE(retrying_since,
               CASE WHEN %(tries)s > 0 THEN now() AT TIME ZONE 'UTC' END) END,
           next_attempt_at = now() AT TIME ZONE 'UTC' + %(wait)s * interval '1 second',
           done_at = CASE WHEN %(final)s THEN now() AT TIME ZONE 'UTC' END
     WHERE id = %(id)s
"""


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
        parcel.retry_count + 1,
        parcel.policy,
        parcel.on_unknown,
        random.random,
        is_probe=parcel.is_probe,
        age_seconds=parcel.retry_age,
    )
    tripped = _tell_breaker(env.cr, target, parcel, verdict)
    _record(env, parcel, follows, verdict.status, exchange.seconds, tripped)
    return follows


def asked(env, target, parcel, exchange):
    """The receiver was asked whether it has the message."""
    answered, status = judge_status(exchange), exchange.answer and exchange.answer.status
    if answered is Answered.ARRIVED:
        follows = Outcome("done", None)
    elif answered is Answered.MISSING:
        follows = Outcome("retry", None, 0)
    else:
        follows = ask_again(
            parcel.retry_count + 1, parcel.policy, random.random, age_seconds=parcel.retry_age
        )
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
        parcel.started_at, is_restart = left[parcel.id]
        follows = _after_kill(parcel, 0 if is_restart else 1)
        _record(env, parcel, follows, None, 0, kills=0 if is_restart else 1)
    # Those that are no longer open were settled by a person meanwhile.
    held = set(left) - {parcel.id for parcel in parcels}
    env.cr.execute(
        "DELETE FROM hc_delivery d USING hc_message m WHERE m.id = d.message_id"
        " AND d.message_id = ANY(%s) AND m.state NOT IN ('queued', 'retry', 'unknown')",
        [list(held)],
    )
    return len(parcels)


def _after_kill(parcel, kills):
    if kills and parcel.kill_count + kills >= KILL_LIMIT:
        return Outcome("dead", "worker_killed", needs_person=True)
    if parcel.asks:
        return Outcome("unknown", "delivery_unknown", 1)
    lost = Verdict("delivery_interrupted", Health.NEUTRAL)
    # A kill is not the message's failure: it spends no attempt.
    return outcome(
        lost,
        parcel.retry_count,
        parcel.policy,
        parcel.on_unknown,
        random.random,
        is_probe=True,
        age_seconds=parcel.retry_age,
    )


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


def _record(env, parcel, follows, status, seconds, tripped=False, kills=None):
    """:param kills: of a try whose sender went away: how many are held against the message"""
    held = _issue_of(env.cr, parcel)
    env.cr.execute("DELETE FROM hc_delivery WHERE message_id = %s", [parcel.id])
    _message(env.cr, parcel, follows, kills)
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


def _message(cr, parcel, follows, kills):
    cr.execute(
        MESSAGE,
        {
            "id": parcel.id,
            "state": follows.state,
            "code": follows.code,
            "tries": 1 if kills is None else 0,
            "kills": kills,
            "fails": follows.state in ("retry", "unknown"),
            "wait": follows.after_seconds or 0,
            "final": follows.state in FINAL,
        },
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
        "contract": parcel.message.type,
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
