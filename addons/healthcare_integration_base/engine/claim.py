# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Finding the next messages of a shard and taking them in hand (ADR 0003).

What is in flight must outlive a killed worker, hence the commits of this module.
"""

from dataclasses import dataclass

from psycopg2.extras import Json

from .ordering import MAY_GO

SUSPECT_BATCH = 20
"""Messages that were in flight once when a worker was killed go on in batches of this size;
after a second kill each goes alone."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A due message, as far as is needed to choose a batch."""

    id: int
    ordering_key: str | None
    message_type_id: int
    system_id: int
    company_id: int
    kill_count: int

    @property
    def key(self):
        """Of whose order it is; none where the order does not matter."""
        return self.ordering_key and (self.system_id, self.ordering_key)

    @property
    def kind(self):
        """What messages of one batch have in common: handler, user and company."""
        return self.message_type_id, self.system_id, self.company_id


DUE = " ".join(
    (
        """
        SELECT m.id, m.ordering_key, m.message_type_id, m.system_id, m.company_id, m.kill_count
          FROM hc_message m
         WHERE m.lane_id = %(lane)s AND m.shard = %(shard)s AND m.direction = 'in'
           AND m.state IN ('received', 'retry')
           AND m.next_attempt_at <= (now() AT TIME ZONE 'UTC')
           AND m.channel_id NOT IN (
                SELECT id FROM hc_channel WHERE state = 'paused' AND pause_mode = 'hold') AND
        """,
        MAY_GO,
        "ORDER BY m.id LIMIT %(limit)s",
    )
)


def due(cr, lane_id, shard, limit):
    """Due messages of a shard in the order of their arrival.

    A message waits behind an earlier one of its ordering key that is in review or that
    is to be tried again later, unless its channel lets it pass, and while the handling of its
    channel is paused.
    """
    cr.execute(DUE, {"lane": lane_id, "shard": shard, "limit": limit})
    return [Candidate(*row) for row in cr.fetchall()]


def choose(candidates):
    """Ids of the next batch: those of the first one's kind, none overtaking its own key.

    >>> first = Candidate(1, "k", 1, 1, 1, 0)
    >>> other = Candidate(2, "k", 2, 1, 1, 0)
    >>> choose([first, other, Candidate(3, "k", 1, 1, 1, 0), Candidate(4, None, 1, 1, 1, 0)])
    [1, 4]
    """
    if not candidates:
        return []
    first = candidates[0]
    if first.kill_count:
        return _suspects(candidates)
    chosen, passed = [], set()
    for candidate in candidates:
        if candidate.kind != first.kind or candidate.kill_count or candidate.key in passed:
            if candidate.key:
                passed.add(candidate.key)
        else:
            chosen.append(candidate.id)
    return chosen


def _suspects(candidates):
    """The leading run of messages that were in flight at a kill."""
    first = candidates[0]
    if first.kill_count > 1:
        return [first.id]
    chosen = []
    for candidate in candidates[:SUSPECT_BATCH]:
        if candidate.kind != first.kind or candidate.kill_count != 1:
            break
        chosen.append(candidate.id)
    return chosen


def put_in_flight(cr, lane_id, shard, ids):
    """Write, and commit, who is being handled: all that is left of it after a kill."""
    cr.execute(
        "INSERT INTO hc_inflight (lane_id, shard, message_ids, started_at, database_start)"
        " VALUES (%s, %s, %s, now() AT TIME ZONE 'UTC',"
        " pg_postmaster_start_time() AT TIME ZONE 'UTC') RETURNING id",
        [lane_id, shard, Json(ids)],
    )
    row_id = cr.fetchone()[0]
    cr.commit()  # pylint: disable=invalid-commit
    return row_id


def landed(cr, row_id):
    """Forget the in-flight row; part of the transaction that records the outcome."""
    cr.execute("DELETE FROM hc_inflight WHERE id = %s", [row_id])


def take(cr, ids):
    """Lock those of ``ids`` that are still due, and read what a handler gets.

    Rows that a user holds at this moment (cancelling them, say) are left for later.
    """
    cr.execute(
        """
        SELECT id, uuid, channel_id, message_type_id, system_id, company_id, payload,
               message_identifier, source, event_time, create_date, weak_key, attempt_count,
               correlation_identifier, kill_count, state, causation_identifier,
               COALESCE(owner_waived, false) AS owner_waived,
               COALESCE(retry_count, 0) AS retry_count,
               COALESCE(EXTRACT(EPOCH FROM (now() AT TIME ZONE 'UTC') - retrying_since), 0)
                   AS retry_age
          FROM hc_message WHERE id = ANY(%s) AND state IN ('received', 'retry')
         ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        """,
        [ids],
        log_exceptions=False,
    )
    return cr.dictfetchall()


def left_in_flight(cr, lane_id, shard):
    """Take the in-flight rows that somebody who is gone has left, and count the kills.

    Only called by the holder of the shard's lock, so nobody is at work on them. Where
    PostgreSQL was started anew meanwhile, it is the database that went away from under a
    worker: that is held against no message.

    :return: ids of the messages of each batch.
    """
    cr.execute(
        "DELETE FROM hc_inflight WHERE lane_id = %s AND shard = %s RETURNING message_ids,"
        " database_start IS NOT DISTINCT FROM pg_postmaster_start_time() AT TIME ZONE 'UTC'",
        [lane_id, shard],
    )
    left = cr.fetchall()
    killed = sorted({one for batch, is_kill in left if is_kill for one in batch})
    if killed:
        cr.execute(
            "UPDATE hc_message SET kill_count = kill_count + 1"
            " WHERE id = ANY(%s) AND state IN ('received', 'retry')",
            [killed],
        )
    return [batch for batch, _is_kill in left]
