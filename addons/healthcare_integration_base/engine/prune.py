# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Deleting the content of finished messages in small batches (ADR 0019).

A page of candidates is read by an index that holds only messages with content, in the order
in which they were finished, behind the place where the page before ended: what has to be
kept is looked at once in a run, however much of it there is. Rows that somebody else holds
are left for the next run. What stands against each candidate is asked for that row alone, by
indexes.
"""

from dataclasses import dataclass

from odoo.tools import SQL

from ..messaging.retention import OPEN, PRUNABLE
from .locks import lock_key

PAGE = 1000
COUNT_LIMIT = 10_000
LOCK = lock_key("hc.retention")
"""Held for a batch, and by whoever puts messages on hold: the snapshot of a batch is younger
than any hold that was set before it."""

FINISHED = SQL("COALESCE(m.done_at, m.create_date)")
HOLD = SQL(
    """EXISTS (SELECT 1 FROM hc_legal_hold h WHERE h.state = 'active'
         AND (h.company_id IS NULL OR h.company_id = m.company_id)
         AND (h.system_id IS NULL OR h.system_id = m.system_id)
         AND (h.channel_id IS NULL OR h.channel_id = m.channel_id)
         AND (h.correlation IS NULL OR h.correlation = m.correlation_identifier)
         AND (h.received_from IS NULL OR m.create_date >= h.received_from)
         AND (h.received_until IS NULL OR m.create_date <= h.received_until)
         AND (h.pseudonym IS NULL OR strpos(m.payload::text, h.pseudonym) > 0
              OR m.subject = h.pseudonym
              OR EXISTS (
                 SELECT 1 FROM hc_pseudonym_alias own
                   JOIN hc_pseudonym_alias a ON a.known_as = own.known_as
                  WHERE h.pseudonym IN (own.pseudonym, own.known_as)
                    AND (strpos(m.payload::text, a.pseudonym) > 0
                         OR strpos(m.payload::text, a.known_as) > 0))))"""
)
ISSUE = SQL("EXISTS (SELECT 1 FROM hc_issue i WHERE i.id = m.issue_id AND i.state <> 'resolved')")
NEEDED = SQL(
    """(m.correlation_identifier IS NOT NULL AND EXISTS (SELECT 1 FROM hc_message o
          WHERE o.correlation_identifier = m.correlation_identifier AND o.state = ANY(%(open)s))
        OR m.ordering_key IS NOT NULL AND EXISTS (SELECT 1 FROM hc_message o
          WHERE o.ordering_key = m.ordering_key AND o.lane_id = m.lane_id
            AND o.state IN ('received', 'queued', 'retry', 'unknown', 'review', 'dead'))
        OR EXISTS (SELECT 1 FROM hc_message o
          WHERE o.duplicate_of_id = m.id AND o.state = ANY(%(open)s)))""",
    open=list(OPEN),
)
PRUNABLE_SQL = ", ".join(f"'{state}'" for state in PRUNABLE)


@dataclass(slots=True)
class Page:
    """What became of one page of candidates."""

    ids: list[int]
    on_hold: int
    with_issue: int
    needed: int
    last: tuple | None


def page(env, channel, state, before, after, limit=PAGE):
    """Candidates behind ``after``, and which of them may lose their content.

    The rows are locked until the end of the transaction.

    :param before: naive UTC; what was finished earlier than this is due.
    :param after: ``(finished, id)`` where the page before ended, or none.
    """
    rows = env.execute_query(
        SQL(
            """WITH page AS MATERIALIZED (%s FOR NO KEY UPDATE OF m SKIP LOCKED)
               SELECT m.id, page.finished, %s, %s, %s OR %s
                 FROM page JOIN hc_message m ON m.id = page.id ORDER BY page.finished, m.id""",
            _candidates(channel, state, before, after, limit),
            HOLD,
            ISSUE,
            NEEDED,
            env["hc.message"]._sql_still_needed(),
        )
    )
    free = [row[0] for row in rows if not any(row[2:])]
    return Page(
        free,
        sum(row[2] for row in rows),
        sum(row[3] and not row[2] for row in rows),
        sum(row[4] and not (row[2] or row[3]) for row in rows),
        (rows[-1][1], rows[-1][0]) if rows else None,
    )


def count_due(env, channel, state, before):
    """How many payloads a run would delete now; counted up to :data:`COUNT_LIMIT`."""
    return env.execute_query(
        SQL(
            """SELECT count(*) FROM (SELECT 1 FROM (%s) page JOIN hc_message m ON m.id = page.id
                WHERE NOT %s AND NOT %s AND NOT (%s OR %s)) due""",
            _candidates(channel, state, before, None, COUNT_LIMIT),
            HOLD,
            ISSUE,
            NEEDED,
            env["hc.message"]._sql_still_needed(),
        )
    )[0][0]


def _candidates(channel, state, before, after, limit):
    return SQL(
        """SELECT m.id, %(finished)s AS finished FROM hc_message m
            WHERE m.channel_id = %(channel)s AND m.state = %(state)s
              AND m.payload_pruned_at IS NULL AND m.state IN (%(prunable)s)
              AND %(finished)s < %(before)s %(behind)s
            ORDER BY %(finished)s, m.id LIMIT %(limit)s""",
        finished=FINISHED,
        channel=channel,
        state=state,
        prunable=SQL(PRUNABLE_SQL),
        before=before,
        behind=SQL("AND (%s, m.id) > (%s, %s)", FINISHED, *after) if after else SQL(),
        limit=limit,
    )
