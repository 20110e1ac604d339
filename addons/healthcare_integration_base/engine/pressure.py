# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Taking no more than was agreed, and no more than can wait (ADR 0017).

Asked before anything is kept. A system without a rate costs nothing. With one, a worker
asks the shared bucket a few times a second at the most. How much waits is looked at once a
second, by one of all workers.
"""

import time
from dataclasses import asdict, dataclass
from functools import partial

from ..messaging import backlog, rate
from ..messaging.backlog import Gauge
from ..messaging.errors import MessageError
from ..messaging.errors_pressure import BACKLOG_FULL, RATE_LIMITED
from . import alone

_shares = {}
_looks = {}


@dataclass(slots=True)
class Look:
    """What this worker knows of a place, and how many more it lets in on the strength of it."""

    gauge: Gauge
    limit: int
    room: int
    until: float


def admit(cr, system, groups):
    """Refuse those of ``groups`` that come too fast or find no room; each refused one has the
    error as its result.

    :param cr: with nothing uncommitted on it; it is committed.
    """
    _check_backlog(cr, groups)
    _charge(cr, system, groups)


# --------------------------------------------------------------------------- rate


def _charge(cr, system, groups):
    """Every item counts, refused ones too; the first ones are those that get through."""
    limit = rate.Limit(system.rate_per_second, system.rate_burst)
    if not limit.holds:
        return
    wanted = sum(group.weight for group in groups)
    left, retry_after = take(cr, system.id, limit, wanted, whole=len(groups) == 1)
    for group in groups:
        left -= group.weight
        if left < 0 and group.result is None:
            group.result = MessageError(RATE_LIMITED, retry_after=retry_after)


def take(cr, system_id, limit, wanted, *, whole):
    """Take up to ``wanted`` tokens, or all or none of them where they are a ``whole``.

    :return: how many were had, and the seconds after which more are to be had.
    """
    now = time.monotonic()
    share = _shares.setdefault((cr.dbname, system_id), rate.Share())
    if share.gives(wanted, now):
        return wanted, 1
    if share.is_empty(wanted, now):
        return 0, share.retry_after
    got, tokens = _borrow(cr, system_id, limit, wanted, share.tokens, whole)
    given = share.lent(got, wanted, now)
    if given < wanted:
        retry_after = rate.wait(limit, tokens, wanted - given)
        share.refused(wanted if whole else 1, retry_after, now)
    return given, share.retry_after


def _borrow(cr, system_id, limit, wanted, returned, whole):
    """One statement: fill the bucket by the database's clock, put back what is left over, take."""
    values = {
        "system": system_id,
        "capacity": limit.capacity,
        "rate": limit.per_second,
        "returned": returned,
        "need": min(wanted, limit.capacity) if whole else 1,
        "sure": wanted if whole else 0,
        "most": wanted + limit.ahead,
    }
    granted, tokens = _statement(cr, BORROW, values)
    return int(granted), tokens


# ------------------------------------------------------------------------ backlog


def _check_backlog(cr, groups):
    """A group is let in where all its messages have room, and takes that room."""
    known = {}
    for group in groups:
        if group.result is None and group.entries:
            channels = {entry.channel.id: entry.channel for entry in group.entries}
            looks = [look for one in channels.values() for look in _looks_at(cr, one, known)]
            full = [look for look in looks if look.gauge.full or look.room <= 0]
            if full:
                waits = [backlog.retry_after(look.gauge, look.limit) for look in full]
                group.result = MessageError(BACKLOG_FULL, retry_after=max(waits))
            else:
                _take_room(group, known)


def _looks_at(cr, channel, known):
    """What is known of the places of a channel, asked for once in a request."""
    if channel.id not in known:
        known[channel.id] = [_look(cr, *place) for place in _places(channel)]
    return known[channel.id]


def _take_room(group, known):
    for entry in group.entries:
        for look in known[entry.channel.id]:
            look.room -= 1


def _places(channel):
    """``(lane, channel or none, limit)`` of the limits that a message on a channel meets."""
    if channel.lane_backlog_limit:
        yield channel.lane_id, None, channel.lane_backlog_limit
    if channel.backlog_limit:
        yield channel.lane_id, channel.id, channel.backlog_limit


def _look(cr, lane_id, channel_id, limit):
    """What is known of a place; found out anew when that is too old."""
    key, now = (cr.dbname, lane_id, channel_id, limit), time.monotonic()
    known = _looks.get(key)
    if known is None or now >= known.until:
        gauge = look(cr, lane_id, channel_id, limit)
        took = time.monotonic() - now
        room = limit - gauge.waiting
        known = _looks[key] = Look(gauge, limit, room, now + backlog.look_again_after(took))
    return known


def look(cr, lane_id, channel_id, limit):
    """The gauge of a place; counted anew unless another worker has just done so."""
    place = f"{lane_id}/{channel_id or ''}"
    now, *row = _statement(cr, GAUGE, [place])
    before = Gauge(*row) if row[0] is not None else None
    if before and 0 <= now - before.at < backlog.LOOK_SECONDS / 2:
        return before
    scope = {"lane": lane_id, "channel": channel_id, "most": 2 * limit}
    [waiting] = _statement(cr, COUNT, scope)
    gauge = backlog.seen(before, limit, waiting, now)
    where = {"place": place, "lane": lane_id, "channel": channel_id}
    _statement(cr, NOTE, where | asdict(gauge))
    return gauge


def forget():
    """Know nothing any more, as a new process does (for tests)."""
    _shares.clear()
    _looks.clear()


def _statement(cr, query, values):
    """The row of one statement on its own, see :mod:`.alone`; in a transaction only where
    there is always one, in tests."""
    execute = partial(cr.execute, query, values, log_exceptions=False)
    cr.commit()  # pylint: disable=invalid-commit
    if not alone.is_possible(cr):
        execute()
        row = cr.fetchone()
        cr.commit()  # pylint: disable=invalid-commit
        return row
    with alone.statement(cr):
        execute()
        return cr.fetchone()


# The clock is read once the row is locked: whoever waited for it has no older time than the
# one before. A clock that is set back fills nothing, and counts from there on.
BORROW = """
INSERT INTO hc_rate_bucket AS b (system_id, granted, tokens, filled_at)
SELECT %(system)s, g.n, %(capacity)s - g.n, clock_timestamp() AT TIME ZONE 'UTC'
  FROM (SELECT GREATEST(%(sure)s, LEAST(%(most)s, %(capacity)s)) AS n) g
    ON CONFLICT (system_id) DO UPDATE SET (granted, tokens, filled_at) = (
       SELECT g.n, a.tokens - g.n, c.now
         FROM (SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now) c
        CROSS JOIN LATERAL (SELECT LEAST(%(capacity)s, b.tokens + %(returned)s + %(rate)s
              * GREATEST(0, EXTRACT(EPOCH FROM c.now - b.filled_at)))::float8 AS tokens) a
        CROSS JOIN LATERAL (SELECT CASE WHEN a.tokens >= %(need)s
              THEN GREATEST(%(sure)s, LEAST(%(most)s, floor(a.tokens))) ELSE 0 END AS n) g)
RETURNING granted, tokens
"""
GAUGE = """
SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8, g.waiting, g.is_full,
       EXTRACT(EPOCH FROM g.looked_at)::float8, g.drain_rate
  FROM (SELECT 1) one LEFT JOIN hc_backlog g ON g.place = %s
"""
COUNT = """
SELECT count(*) FROM (
    SELECT 1 FROM hc_message
     WHERE lane_id = %(lane)s AND state IN ('received', 'retry')
       AND (%(channel)s IS NULL OR channel_id = %(channel)s)
     LIMIT %(most)s) waiting
"""
NOTE = """
INSERT INTO hc_backlog AS b (place, lane_id, channel_id, waiting, is_full, looked_at, drain_rate,
       full_since)
SELECT n.place, n.lane, n.channel, n.waiting, n.is_full, n.at, n.rate,
       CASE WHEN n.is_full THEN n.at END
  FROM (SELECT %(place)s AS place, %(lane)s AS lane, %(channel)s::integer AS channel,
               %(waiting)s AS waiting, %(full)s AS is_full, %(rate)s AS rate,
               to_timestamp(%(at)s) AT TIME ZONE 'UTC' AS at) n
    ON CONFLICT (place) DO UPDATE SET waiting = EXCLUDED.waiting, is_full = EXCLUDED.is_full,
       looked_at = EXCLUDED.looked_at, drain_rate = EXCLUDED.drain_rate,
       full_since = CASE WHEN EXCLUDED.is_full
                         THEN COALESCE(b.full_since, EXCLUDED.full_since) END
RETURNING true
"""
