# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Playing a replay, a few messages at a time (ADR 0016).

A replay handles nothing itself. It gives messages back to their lanes, as a person does who
presses Retry, and watches what becomes of them: order, writers, poison and crashes are the
drain's business. What a step does is one transaction, so a crash repeats nothing.

Live traffic goes first: a replay has few messages in the lanes at a time, and leaves alone a
lane in which others wait.
"""

import functools
from collections import defaultdict

from odoo.tools import SQL

from ..messaging.replaying import Case, Verdict

LOOK_AT = 500
"""How many lines a step looks at."""
LIVE_LIMIT = 200
"""A lane in which more live messages than this are due is left alone."""
UNSETTLED = ("received", "retry")
RESUMABLE = ("review", "dead", "retry")
NOT_IN_USE = ("draft", "in_review", "retired")
"""Channels whose messages are not handled: those on trial that went back to their author too."""


class Player:
    """One replay, on the cursor of its environment; the caller commits after each step."""

    def __init__(self, env, replay_id):
        self.env = env
        self.cr = env.cr
        self.replay_id = replay_id
        self.lanes = set()
        """Ids of the lanes that have to be woken after the commit."""

    def step(self):
        """Write down what has come to its end, and give back the next ones.

        :return: whether something has moved
        """
        self.cr.execute(
            "SELECT state, batch_limit, reason, user_id FROM hc_replay WHERE id = %s"
            " FOR NO KEY UPDATE SKIP LOCKED",
            [self.replay_id],
        )
        row = self.cr.fetchone()
        if not row:
            return False
        state, limit, reason, user_id = row
        settled = self._settle()
        released = self._release(limit, reason, user_id) if state == "running" else 0
        return bool(self._finish() or settled or released)

    # ----------------------------------------------------------------- settling

    def _settle(self):
        """Lines whose message has come to an end; how many."""
        self.cr.execute(
            """
            UPDATE hc_replay_line l
               SET state = m.state, error_code = m.error_code,
                   ended_at = now() AT TIME ZONE 'UTC'
              FROM hc_message m
             WHERE l.replay_id = %s AND l.state = 'running' AND m.id = l.message_id
               AND m.state <> ALL(%s)
            """,
            [self.replay_id, list(UNSETTLED)],
        )
        return self.cr.rowcount

    def _finish(self):
        """The replay has ended when no line is open; says whether it has just now."""
        self.cr.execute(
            """
            UPDATE hc_replay r SET state = 'done', ended_at = now() AT TIME ZONE 'UTC'
             WHERE r.id = %s AND r.state = 'running' AND NOT EXISTS (
                   SELECT 1 FROM hc_replay_line l
                    WHERE l.replay_id = r.id AND l.state IN ('waiting', 'running'))
            """,
            [self.replay_id],
        )
        if self.cr.rowcount:
            replay = self.env["hc.replay"].browse(self.replay_id)
            replay.invalidate_recordset()
            replay._trace("replay.done")
        return bool(self.cr.rowcount)

    # ---------------------------------------------------------------- releasing

    def _release(self, limit, reason, user_id):
        """Give the next messages back to their lanes; how many lines have moved."""
        free = limit - self._in_hand()
        if free <= 0:
            return 0
        by_verdict = self._sorted(self._next_lines(), free)
        for verdict, pairs in by_verdict.items():
            self._move(verdict, [line_id for line_id, _message in pairs])
        ready = [message_id for _line, message_id in by_verdict[Verdict.READY]]
        self._give_back(ready, reason, user_id)
        return sum(map(len, by_verdict.values()))

    def _sorted(self, lines, free):
        """Pairs of line and message by verdict, no more than ``free`` that are ready."""
        by_verdict = defaultdict(list)
        busy = functools.cache(self._is_busy)
        for line_id, message_id, lane_id, case in lines:
            verdict = case.verdict
            if verdict is Verdict.READY:
                if free <= 0 or busy(lane_id):
                    continue
                free -= 1
                self.lanes.add(lane_id)
            by_verdict[verdict].append((line_id, message_id))
        return by_verdict

    def _in_hand(self):
        """Messages of the replay that their lanes have not come to yet."""
        self.cr.execute(
            "SELECT count(*) FROM hc_replay_line l JOIN hc_message m ON m.id = l.message_id"
            " WHERE l.replay_id = %s AND l.state = 'running' AND m.state = 'received'",
            [self.replay_id],
        )
        return self.cr.fetchone()[0]

    def _next_lines(self):
        """The next lines, whose messages nobody has in hand: ids of line, message and lane,
        and the case."""
        messages = self.env["hc.message"]
        self.cr.execute(
            """
            SELECT l.id, m.id, m.lane_id, m.state, m.direction,
                   c.state <> ALL(%s) AND c.active AND s.active, m.payload IS NOT NULL,
                   COALESCE(m.error_code, '') = 'shadow'
              FROM hc_replay_line l JOIN hc_message m ON m.id = l.message_id
              JOIN hc_channel c ON c.id = m.channel_id JOIN hc_system s ON s.id = m.system_id
             WHERE l.replay_id = %s AND l.state = 'waiting'
             ORDER BY l.message_id LIMIT %s FOR NO KEY UPDATE OF m SKIP LOCKED
            """,
            [list(NOT_IN_USE), self.replay_id, LOOK_AT],
        )
        rows = self.cr.fetchall()
        held = set(messages.browse(row[1] for row in rows)._on_hold().ids)
        return [(*row[:3], Case(*row[3:7], row[1] in held, row[7])) for row in rows]

    def _is_busy(self, lane_id):
        """Whether live messages wait in the lane: a replay does not stand in their way."""
        self.cr.execute(
            """
            SELECT count(*) > %(limit)s FROM (
                SELECT 1 FROM hc_message m
                 WHERE m.lane_id = %(lane)s AND m.state IN ('received', 'retry')
                   AND m.next_attempt_at <= now() AT TIME ZONE 'UTC'
                   AND NOT EXISTS (SELECT 1 FROM hc_replay_line l
                        WHERE l.message_id = m.id AND l.state = 'running')
                 LIMIT %(limit)s + 1) live
            """,
            {"limit": LIVE_LIMIT, "lane": lane_id},
        )
        return self.cr.fetchone()[0]

    def _move(self, verdict, line_ids):
        """What a verdict means for the lines."""
        if verdict in (Verdict.READY, Verdict.MOVING):
            values = SQL("state = 'running'")
        elif verdict is Verdict.ALREADY:
            values = SQL("state = 'already', ended_at = now() AT TIME ZONE 'UTC'")
        else:
            values = SQL(
                "state = 'skipped', why = %s, ended_at = now() AT TIME ZONE 'UTC'", verdict.value
            )
        self.cr.execute(
            SQL(
                "UPDATE hc_replay_line SET %s, started_at = now() AT TIME ZONE 'UTC'"
                " WHERE id = ANY(%s)",
                values,
                line_ids,
            )
        )

    def _give_back(self, ids, reason, user_id):
        """The messages go on, in the name of whoever asked for it."""
        messages = self.env(user=user_id, su=True)["hc.message"].browse(ids)
        planned = messages._sudo_end_trial()
        for those, states in ((planned, ("cancelled",)), (messages - planned, RESUMABLE)):
            those._sudo_set_state(
                "received",
                states,
                "message.replayed",
                reason=reason,
                replay_id=self.replay_id,
            )
