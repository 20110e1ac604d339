# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which shard of its lane a message belongs to."""

from ..messaging.digest import keyed

OPEN = ("received", "retry", "review", "dead")
"""States of messages that may yet be handled."""


def shard_of(spread, count):
    """Spread keys evenly and the same way on every machine.

    :param spread: the ordering key, else what tells the message apart.
    """
    if count == 1:
        return 0
    return int(keyed(b"hc.shard", spread)[:8], 16) % count


def in_use(cr, lane_id, count):
    """The shards of a lane to look into: its own, and those of messages that were put into a
    shard when it had more of them (by a process that had not heard of the change)."""
    cr.execute(
        "SELECT shard FROM hc_message WHERE lane_id = %s AND state IN ('received', 'retry')"
        " ORDER BY shard DESC LIMIT 1",
        [lane_id],
    )
    row = cr.fetchone()
    return list(range(max(count, row[0] + 1 if row else 0)))


def spread_anew(cr, lane_id, count):
    """Put what came in and is open into ``count`` shards: a key's messages stay together."""
    cr.execute(
        "SELECT id, COALESCE(ordering_key, idempotency_key) FROM hc_message"
        " WHERE lane_id = %s AND direction = 'in' AND state = ANY(%s) ORDER BY id",
        [lane_id, list(OPEN)],
    )
    rows = [(message_id, shard_of(spread, count)) for message_id, spread in cr.fetchall()]
    if rows:
        cr.execute_values(
            "UPDATE hc_message m SET shard = v.shard FROM (VALUES %s) AS v(id, shard)"
            " WHERE m.id = v.id AND m.shard <> v.shard",
            rows,
            page_size=10_000,
        )
