# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Looking for a person in the ledger, page by page (ADR 0019).

Contents are searched without an index of their own: an index over all of them would cost
every event of the hot path, for a question that is asked a few times a year. Pages are
ranges of the primary key, so each costs the same wherever it is.
"""

from odoo.tools import SQL

from ..messaging.retention import OPEN
from .prune import HOLD

PAGE = 5000


def search_page(env, erasure, after, limit=PAGE):
    """Note which messages of a page hold one of the pseudonyms.

    :param after: id where the page before ended.
    :return: id where this page ends, none where there is no message any more.
    """
    rows = env.execute_query(
        SQL(
            "SELECT max(id) FROM (SELECT id FROM hc_message WHERE id > %s ORDER BY id LIMIT %s) p",
            after,
            limit,
        )
    )
    until = rows[0][0]
    if until is None:
        return None
    patterns = [f"%{pseudonym}%" for pseudonym in erasure.pseudonyms]
    env.cr.execute(
        SQL(
            """INSERT INTO hc_erasure_message_rel (erasure_id, message_id)
               SELECT %(erasure)s, m.id FROM hc_message m
                WHERE m.id > %(after)s AND m.id <= %(until)s AND m.company_id = %(company)s
                  AND (m.payload::text LIKE ANY(%(patterns)s) OR m.subject LIKE ANY(%(patterns)s))
                ON CONFLICT DO NOTHING""",
            erasure=erasure.id,
            after=after,
            until=until,
            company=erasure.company_id.id,
            patterns=patterns,
        ),
        log_exceptions=False,
    )
    return until


def latest(env):
    """Id of the newest message, 0 where there is none."""
    return env.execute_query(SQL("SELECT COALESCE(max(id), 0) FROM hc_message"))[0][0]


def obstacles(env, erasure):
    """How many of the messages found are on legal hold, and how many are not finished."""
    return env.execute_query(
        SQL(
            """SELECT count(*) FILTER (WHERE %s), count(*) FILTER (WHERE m.state = ANY(%s))
                 FROM hc_erasure_message_rel r JOIN hc_message m ON m.id = r.message_id
                WHERE r.erasure_id = %s""",
            HOLD,
            list(OPEN),
            erasure.id,
        )
    )[0]


def unfinished_work(env, erasure):
    """Follow-up work that names the person; it is done within minutes."""
    return env.execute_query(
        SQL(
            "SELECT count(*) FROM hc_dirty_key WHERE key::text LIKE ANY(%s)",
            [f"%{pseudonym}%" for pseudonym in erasure.pseudonyms],
        )
    )[0][0]


def next_messages(env, erasure, limit):
    """Ids of the next messages to be erased, and locks them."""
    rows = env.execute_query(
        SQL(
            """SELECT m.id FROM hc_message m WHERE m.id IN (
                 SELECT message_id FROM hc_erasure_message_rel
                  WHERE erasure_id = %s ORDER BY message_id LIMIT %s)
                ORDER BY m.id FOR NO KEY UPDATE OF m""",
            erasure.id,
            limit,
        )
    )
    return [row[0] for row in rows]


def forget(env, erasure, ids):
    """Take away what made these messages those of one person.

    Ids that a sender has built out of a record number are surrogates, the same for the same
    number; each gets its own id of the ledger in their place. Keys are digests, and stay.
    """
    env.cr.execute(
        SQL(
            r"""UPDATE hc_message SET message_identifier = CASE
                     WHEN message_identifier ~ 'hcs1_|hcp[0-9]+_' THEN 'erased-' || uuid
                     ELSE message_identifier END,
                   subject = NULL,
                   correlation_identifier = CASE
                     WHEN correlation_identifier ~ 'hcs1_|hcp[0-9]+_' THEN uuid
                     ELSE correlation_identifier END,
                   causation_identifier = CASE
                     WHEN causation_identifier ~ 'hcs1_|hcp[0-9]+_' THEN NULL
                     ELSE causation_identifier END
             WHERE id = ANY(%s)""",
            ids,
        ),
        log_exceptions=False,
    )
    env.cr.execute(
        SQL(
            "DELETE FROM hc_erasure_message_rel WHERE erasure_id = %s AND message_id = ANY(%s)",
            erasure.id,
            ids,
        )
    )
