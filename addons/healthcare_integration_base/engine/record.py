# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Writing the outcome of a batch: states, attempts, effects, dirty keys and issues.

Plain SQL: the ledger is written by the engine alone (nobody has write access to its
models), and five statements for a batch of 500 are what makes batches worth it.
"""

import os
import socket

from psycopg2.extras import Json

from .outbound import acks, replies

HOST = socket.gethostname()
FINAL = ("done", "duplicate", "superseded", "rejected", "cancelled", "dead")


def outcomes(env, items, started_at, duration_ms):
    """Record ``items`` in the present transaction.

    :param started_at: naive UTC start of the attempt.
    :param duration_ms: how long the whole batch took; shared by its messages.
    """
    moved = [item for item in items if item.state == "received"]
    tried = [item for item in items if item.state != "received"]
    env.flush_all()
    _move(env.cr, moved)
    if not tried:
        return
    held = _issues_of(env.cr, tried)
    _states(env.cr, tried)
    _attempts(env.cr, tried, started_at, duration_ms)
    _effects(env.cr, tried)
    _dirty_keys(env.cr, tried)
    replies.send(env, tried)
    acks.due(env, [item.message_id for item in tried if item.channel.format == "hl7v2"])
    _audit(env, tried)
    env.invalidate_all(flush=False)
    _issues(env, tried)
    env["hc.issue"].browse(held)._settle()


def _issues_of(cr, items):
    """Issues that held these messages up until now."""
    cr.execute(
        "SELECT DISTINCT issue_id FROM hc_message WHERE id = ANY(%s) AND issue_id IS NOT NULL",
        [[item.message_id for item in items]],
    )
    return [row[0] for row in cr.fetchall()]


def _move(cr, items):
    for item in items:
        cr.execute(
            "UPDATE hc_message SET company_id = %s WHERE id = %s",
            [item.company_id, item.message_id],
        )


def _states(cr, items):
    cr.execute_values(
        """
        UPDATE hc_message m
           SET state = v.state, error_code = v.error_code, error_detail = v.error_detail,
               duplicate_of_id = v.duplicate_of_id::int,
               superseded_by_id = v.superseded_by_id::int,
               next_attempt_at = (now() AT TIME ZONE 'UTC')
                   + COALESCE(v.retry_after::float, 0) * interval '1 second',
               attempt_count = m.attempt_count + 1,
               retry_count = CASE WHEN v.state = 'retry'
                                  THEN COALESCE(m.retry_count, 0) + 1 ELSE 0 END,
               retrying_since = CASE WHEN v.state = 'retry'
                   THEN COALESCE(m.retrying_since, now() AT TIME ZONE 'UTC') END,
               kill_count = CASE WHEN v.state = ANY(ARRAY['retry', 'dead'])
                                 THEN m.kill_count ELSE 0 END,
               done_at = CASE WHEN v.final THEN now() AT TIME ZONE 'UTC' END,
               issue_id = NULL
          FROM (VALUES %s) AS v(id, state, error_code, error_detail, duplicate_of_id,
                                superseded_by_id, retry_after, final)
         WHERE m.id = v.id
        """,
        [
            (
                item.message_id,
                item.state,
                item.error_code,
                item.error_detail,
                item.duplicate_of_id,
                item.superseded_by_id,
                item.retry_after,
                item.state in FINAL,
            )
            for item in items
        ],
        page_size=1000,
    )


def _attempts(cr, items, started_at, duration_ms):
    worker = f"{HOST}:{os.getpid()}"
    cr.execute_values(
        "INSERT INTO hc_message_attempt (message_id, company_id, started_at, duration_ms,"
        " trigger, outcome, error_code, batch_size, worker) VALUES %s",
        [
            (
                item.message_id,
                item.company_id,
                started_at,
                duration_ms,
                item.trigger,
                item.state,
                item.error_code,
                len(items),
                worker,
            )
            for item in items
        ],
        page_size=1000,
    )


def _effects(cr, items):
    rows = [
        (
            item.message_id,
            item.company_id,
            effect.role,
            effect.res_model,
            effect.res_id,
            effect.business_key,
            effect.content_digest,
        )
        for item in items
        for effect in item.effects
    ]
    if rows:
        cr.execute_values(
            "INSERT INTO hc_effect (message_id, company_id, role, res_model, res_id,"
            " business_key, content_digest, create_date) VALUES %s",
            rows,
            template="(%s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC')",
            page_size=1000,
        )


def _dirty_keys(cr, items):
    rows = {
        (kind, item.company_id, tuple(sorted(key.items())))
        for item in items
        for kind, key in item.dirty_keys
    }
    if rows:
        cr.execute_values(
            "INSERT INTO hc_dirty_key (kind, company_id, key, next_attempt_at, create_date)"
            " VALUES %s",
            [(kind, company_id, Json(dict(key))) for kind, company_id, key in rows],
            template="(%s, %s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')",
        )


def _audit(env, items):
    env["hc.audit.event"]._append(
        [
            {
                "action": "message.handled",
                "outcome": item.state,
                "object": item.uuid,
                "system_id": item.system_id,
                "company_id": item.company_id,
                "code": item.error_code,
                "correlation": item.correlation,
                "contract": item.type,
                "effects": len(item.effects),
            }
            for item in items
        ]
    )


def _issues(env, items):
    occurrences = [
        {
            "message_id": item.message_id,
            "waiting": item.state in ("review", "dead"),
            "system_id": item.system_id,
            "channel_id": item.channel.id,
            "company_id": item.company_id,
            "error_code": occurrence.code,
            "subject": occurrence.subject,
            "fix": occurrence.fix,
        }
        for item in items
        for occurrence in item.occurrences
    ]
    if occurrences:
        env["hc.issue"]._report(occurrences)
