# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is due to be sent, and putting it on its way.

What is on its way must outlive a killed worker, hence the commit of this module.
"""

from dataclasses import dataclass, field
from datetime import datetime

from ...messaging.out_event import Outgoing
from ...messaging.retry import RetryPolicy

# Also a retired channel sends what it has accepted; a paused one waits.
CHANNELS = """
    SELECT c.* FROM hc_channel c JOIN hc_system s ON s.id = c.system_id
      JOIN hc_endpoint e ON e.id = c.endpoint_id
     WHERE c.lane_id = %(lane)s AND c.direction = 'out' AND c.active AND s.active AND e.active
       AND c.state IN ('active', 'deprecated', 'retired') AND c.sync_mode <> 'scheduled_batch'
"""
OPEN = """
    m.channel_id = c.id AND m.direction = 'out' AND m.state IN ('queued', 'retry', 'unknown')
    AND (m.state IN ('queued', 'retry') OR (m.state = 'unknown' AND c.on_unknown = 'ask'))
"""
DUE = f"{OPEN} AND m.next_attempt_at <= now() AT TIME ZONE 'UTC'"
# The order makes PostgreSQL take the index, whatever it thinks of how many are due.
ANY_DUE = " ".join(
    ("(SELECT true FROM hc_message m WHERE", DUE, "ORDER BY m.next_attempt_at LIMIT 1)")
)
# A message waits for those of its key before it: until they are sent, and, unless the
# channel lets others pass, also while somebody has to look at them.
IN_ORDER = """
    (m.ordering_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM hc_message p
         WHERE p.channel_id = m.channel_id AND p.direction = 'out'
           AND p.ordering_key = m.ordering_key AND p.id < m.id
           AND p.state IN ('queued', 'retry', 'unknown', 'review')
           AND (p.state IN ('queued', 'retry') OR (p.state IN ('unknown', 'review')
                AND c.ordering_policy IS DISTINCT FROM 'pass'))))
"""
WITH_WORK = " ".join(
    (
        "WITH c AS (",
        CHANNELS,
        ") SELECT e.id FROM c JOIN hc_endpoint e ON e.id = c.endpoint_id",
        "WHERE",
        ANY_DUE,
        "AND (e.breaker_state = 'closed' OR e.breaker_until IS NULL",
        "OR e.breaker_until <= now() AT TIME ZONE 'UTC')",
        # What a killed sender has left is settled although nothing more may be sent there.
        "UNION SELECT d.endpoint_id FROM hc_delivery d WHERE %(lane)s =",
        "(SELECT m.lane_id FROM hc_message m WHERE m.id = d.message_id) ORDER BY 1",
    )
)


# Of each channel: the breaker's end where something waits for it, else when the next message
# is due. What is due already and still waits, for one before it, goes on with that one.
NEXT_MOMENT = " ".join(
    (
        "WITH c AS (",
        CHANNELS,
        "), w AS (SELECT",
        "CASE WHEN e.breaker_state <> 'closed' THEN e.breaker_until END AS blocked_until,",
        ANY_DUE,
        "AS waits, (SELECT min(m.next_attempt_at) FROM hc_message m WHERE",
        OPEN,
        "AND m.next_attempt_at > now() AT TIME ZONE 'UTC') AS later",
        "FROM c JOIN hc_endpoint e ON e.id = c.endpoint_id),",
        "t AS (SELECT date_trunc('second', min(CASE WHEN waits AND blocked_until",
        "> now() AT TIME ZONE 'UTC' THEN blocked_until WHEN later IS NOT NULL",
        "THEN GREATEST(later, blocked_until) END) + interval '999999 microseconds') AS moment",
        "FROM w) SELECT moment, EXTRACT(EPOCH FROM moment - now() AT TIME ZONE 'UTC')::float",
        "FROM t WHERE moment IS NOT NULL",
    )
)


def _next(order):
    return " ".join(
        (
            "WITH c AS (",
            CHANNELS,
            "AND c.endpoint_id = %(endpoint)s)",
            "SELECT found.id FROM c CROSS JOIN LATERAL (",
            "SELECT m.id, m.attempt_count FROM hc_message m WHERE",
            DUE,
            "AND",
            IN_ORDER,
            "AND NOT EXISTS (SELECT 1 FROM hc_delivery d WHERE d.message_id = m.id)",
            "ORDER BY",
            order.format("m"),
            "LIMIT 1) found ORDER BY",
            order.format("found"),
            "LIMIT 1",
        )
    )


NEXT_TO_SEND = _next("{0}.id")
# The same message must not be the one that fails every probe.
NEXT_TO_PROBE = _next("{0}.attempt_count, {0}.id")
TAKE = """
    SELECT m.id, m.uuid, t.name AS type, m.source, m.payload, m.format, m.subject, m.event_time,
           m.correlation_identifier, m.causation_identifier, m.traceparent, m.state,
           m.kill_count, m.system_id, m.channel_id, m.company_id, c.on_unknown,
           COALESCE(m.retry_count, 0) AS retry_count, COALESCE(EXTRACT(EPOCH FROM
               now() AT TIME ZONE 'UTC' - m.retrying_since), 0)::float AS retry_age,
           c.retry_max_attempts, c.retry_base_seconds, c.retry_cap_seconds,
           COALESCE(c.retry_horizon_hours, 72) * 3600 AS retry_horizon_seconds
      FROM hc_message m JOIN hc_message_type t ON t.id = m.message_type_id
      JOIN hc_channel c ON c.id = m.channel_id
     WHERE m.id = ANY(%s) AND m.state IN ('queued', 'retry', 'unknown')
     ORDER BY m.id FOR NO KEY UPDATE OF m SKIP LOCKED
"""


@dataclass(slots=True)
class Parcel:
    """A message on its way, and what its channel says about it.

    :param retry_count: how often in a row it has failed before
    :param retry_age: seconds since the first of these failures
    """

    id: int
    endpoint_id: int
    message: Outgoing = field(repr=False)
    state: str
    retry_count: int
    retry_age: float
    kill_count: int
    system_id: int
    channel_id: int
    company_id: int
    on_unknown: str
    policy: RetryPolicy
    is_probe: bool = False
    started_at: datetime | None = None

    @property
    def asks(self):
        """It was sent before: the receiver is asked whether it has it."""
        return self.state == "unknown"


def endpoints(cr, lane_id):
    """Ids of the endpoints for which there is something to do now."""
    cr.execute(WITH_WORK, {"lane": lane_id})
    return [row[0] for row in cr.fetchall()]


def next_moment(cr, lane_id):
    """When the lane has something to do next, if nothing happens: the moment, and in how many
    seconds it is by the database's clock; none where nothing waits for a time."""
    cr.execute(NEXT_MOMENT, {"lane": lane_id})
    return cr.fetchone()


def find(cr, lane_id, endpoint_id, is_probe):
    """Id of the message that is next for an endpoint."""
    query = NEXT_TO_PROBE if is_probe else NEXT_TO_SEND
    cr.execute(query, {"lane": lane_id, "endpoint": endpoint_id})
    row = cr.fetchone()
    return row and row[0]


def take(cr, endpoint_id, ids):
    """Lock those of ``ids`` that are still to be sent; who is held by a user waits."""
    cr.execute(TAKE, [ids], log_exceptions=False)
    return [_parcel(endpoint_id, row) for row in cr.dictfetchall()]


def put_on_way(cr, parcel):
    """Write, and commit, that it is being sent: all that is left of it after a kill."""
    cr.execute(
        "INSERT INTO hc_delivery (message_id, endpoint_id, purpose, is_probe, started_at)"
        " VALUES (%s, %s, %s, %s, now() AT TIME ZONE 'UTC') RETURNING started_at",
        [parcel.id, parcel.endpoint_id, "ask" if parcel.asks else "send", parcel.is_probe],
    )
    parcel.started_at = cr.fetchone()[0]
    # Who decides about it at this moment, from an older snapshot, has to look again.
    cr.execute(
        "UPDATE hc_message SET next_attempt_at = now() AT TIME ZONE 'UTC' WHERE id = %s",
        [parcel.id],
        log_exceptions=False,
    )
    cr.commit()  # pylint: disable=invalid-commit


def left_behind(cr, lane_id, endpoint_id):
    """Ids of messages that were on their way when their sender was killed: since when, and
    whether it was PostgreSQL that went away, which is held against no message.

    Only called by the holder of the endpoint's lock, so nobody is sending them.
    """
    cr.execute(
        "SELECT d.message_id, d.started_at, COALESCE(d.started_at"
        " < pg_postmaster_start_time() AT TIME ZONE 'UTC', false) FROM hc_delivery d"
        " JOIN hc_message m ON m.id = d.message_id"
        " WHERE d.endpoint_id = %s AND m.lane_id = %s",
        [endpoint_id, lane_id],
    )
    return {message_id: left for message_id, *left in cr.fetchall()}


def take_back(cr, parcel):
    """Forget that it is on its way, where it never left."""
    cr.execute("DELETE FROM hc_delivery WHERE message_id = %s", [parcel.id])
    cr.commit()  # pylint: disable=invalid-commit


def _parcel(endpoint_id, row):
    return Parcel(
        id=row["id"],
        endpoint_id=endpoint_id,
        message=Outgoing(
            uuid=row["uuid"],
            type=row["type"],
            source=row["source"],
            data=row["payload"] or {},
            format=row["format"],
            subject=row["subject"],
            time=row["event_time"],
            correlation=row["correlation_identifier"],
            causation=row["causation_identifier"],
            traceparent=row["traceparent"],
        ),
        policy=RetryPolicy(
            row["retry_max_attempts"],
            row["retry_base_seconds"],
            row["retry_cap_seconds"],
            row["retry_horizon_seconds"],
        ),
        **{
            name: row[name]
            for name in (
                "state",
                "retry_count",
                "retry_age",
                "kill_count",
                "system_id",
                "channel_id",
                "company_id",
                "on_unknown",
            )
        },
    )
