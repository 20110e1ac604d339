# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What handling these messages would do: it is done, looked at, and taken back (ADR 0016).

The handlers really run, with the rights of the systems' users, in a transaction of its own that
is never committed. Mails, wake-ups and notices go out after a commit, so none does. The writers'
locks are held meanwhile, as in a drain: it is bounded in messages and in time.
"""

import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

from .drain import WRITER_WAIT_SECONDS
from .failures import CONFLICTS
from .footprint import Footprint
from .locks import WRITER, lock_key, session_lock
from .rehearsal import Rehearsal

MESSAGE_LIMIT = 200
SECONDS = 30.0
"""No new batch is begun after so long."""
BATCH = 50


class Busy(Exception):
    """Others are at work on the same messages or documents; nothing was found out."""


@dataclass(slots=True)
class Report:
    """What a dry run has found.

    :param outcomes: how many messages end how, by state and error code.
    :param followup: follow-up work that would be left, by its kind.
    """

    looked_at: int = 0
    outcomes: Counter = field(default_factory=Counter)
    followup: Counter = field(default_factory=Counter)
    traces: list = field(default_factory=list)


class DryRun(Rehearsal):
    """One dry run. ``user_env`` is of the user who asks; its transaction is not touched."""

    def __init__(self, user_env):
        self.user_env = user_env
        self.report = Report()
        self.deadline = time.monotonic() + SECONDS

    def run(self, ids):
        """Handle the first of these messages and take it back.

        :param ids: of messages that can be handled, in the order of their arrival
        :raise Busy: nothing could be found out just now
        """
        try:
            with self.user_env.registry.cursor() as cr:
                self._on(cr, ids[:MESSAGE_LIMIT])
        except CONFLICTS:
            raise Busy from None
        return self.report

    def _on(self, cr, ids):
        self.cr = cr
        self.env = api.Environment(cr, SUPERUSER_ID, {})
        kinds = self._kinds(ids)
        with ExitStack() as stack:
            for key in sorted(self._writers(kinds)):
                if not stack.enter_context(session_lock(cr, key, WRITER_WAIT_SECONDS)):
                    raise Busy
            try:
                self._look(kinds)
            finally:
                if not cr._cnx.closed:
                    cr.rollback()

    def _kinds(self, ids):
        """Ids by message type, system and company: what a batch has in common."""
        kinds = {}
        for message in self.env["hc.message"].browse(ids):
            kind = (message.message_type_id, message.system_id.id, message.company_id.id)
            kinds.setdefault(kind, []).append(message.id)
        return kinds

    def _writers(self, kinds):
        for message_type, _system, company_id in kinds:
            handler = message_type._handler_model()
            if handler is not None and handler._writer:
                yield lock_key(WRITER, handler._writer, company_id)

    def _look(self, kinds):
        ids = [one for found in kinds.values() for one in found]
        self.cr.execute("SELECT set_config('lock_timeout', '5s', true)")
        footprint = Footprint(self.env, self._marker())
        self._make_due(ids)
        # Where a site was mapped meanwhile, the company is another one now.
        for (message_type, _system, _company), found in self._kinds(ids).items():
            self._kind(message_type, found)
        reader = api.Environment(self.cr, self.user_env.uid, self.user_env.context)
        self.report.traces = footprint.traces(reader)

    def _marker(self):
        return SQL(
            "INSERT INTO hc_inflight (lane_id, shard, started_at)"
            " SELECT id, 0, now() AT TIME ZONE 'UTC' FROM hc_lane ORDER BY id LIMIT 1"
            " RETURNING xmin::text"
        )

    def _make_due(self, ids):
        self.cr.execute(
            "UPDATE hc_message SET state = 'received', next_attempt_at = now() AT TIME ZONE 'UTC'"
            " WHERE id = ANY(%s) AND (state IN ('review', 'dead', 'retry')"
            " OR (state = 'cancelled' AND error_code = 'shadow'))",
            [ids],
            log_exceptions=False,
        )
        self.env["hc.message"].browse(ids)._sudo_follow_site()
        self.env.invalidate_all(flush=False)

    def _kind(self, message_type, ids):
        if message_type._handler_model() is None:
            self.report.looked_at += len(ids)
            self.report.outcomes["review", "handler_missing"] += len(ids)
            return
        for start in range(0, len(ids), BATCH):
            if time.monotonic() < self.deadline:
                self._batch(ids[start : start + BATCH])

    def _note(self, item):
        self.report.looked_at += 1
        self.report.outcomes[item.state, item.error_code] += 1
        for kind, _key in item.dirty_keys:
            self.report.followup[kind] += 1

    def _failed(self, message_id, state, code):
        self.report.looked_at += 1
        self.report.outcomes[state, code] += 1
