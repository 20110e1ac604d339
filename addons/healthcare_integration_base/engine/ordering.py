# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who waits behind whom: messages of one ordering key, in SQL (ADR 0012).

``m`` is the message that may have to wait, ``e`` an earlier one of the same system and key.
"""

KEEPS_ORDER = """
    m.ordering_key IS NOT NULL
    AND m.channel_id <> ALL (ARRAY(SELECT id FROM hc_channel WHERE ordering_policy = 'pass'))
"""
"""The channel's policy is looked up once for each statement, not for each row, and holds for
what waits already."""
IS_BEFORE = """
    e.lane_id = m.lane_id AND e.shard = m.shard AND e.system_id = m.system_id
    AND e.ordering_key = m.ordering_key AND e.id < m.id
    AND (e.state = 'review'
         OR (e.state = 'retry' AND e.next_attempt_at > (now() AT TIME ZONE 'UTC')))
"""
MAY_GO = " ".join(
    (
        "((",
        KEEPS_ORDER,
        ") IS NOT TRUE OR NOT EXISTS (SELECT 1 FROM hc_message e WHERE",
        IS_BEFORE,
        "))",
    )
)
BLOCKED = " ".join(
    (
        "SELECT m.id, blocker.id AS blocker_id FROM hc_message m",
        "CROSS JOIN LATERAL (SELECT e.id FROM hc_message e WHERE",
        IS_BEFORE,
        "ORDER BY e.id LIMIT 1) blocker",
        "WHERE m.direction = 'in' AND m.state IN ('received', 'retry') AND",
        KEEPS_ORDER,
    )
)
"""Messages that wait, and the earliest one that each of them waits behind."""
