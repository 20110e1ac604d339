# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..engine.locks import WRITER, lock_key, session_lock
from ..engine.trigger import trigger
from ..messaging.errors import spec

_logger = logging.getLogger(__name__)
RETRY_SECONDS = 60
WRITER_WAIT_SECONDS = 20


class HcDirtyKey(models.Model):
    """What has to be looked at once more, after the batch that touched it.

    Append-only for handlers: a unique key would let a row that is being worked on swallow
    one that comes meanwhile. The serial follow-up step reads what stands, does the work
    once per key, and deletes just the rows it has read. Each piece of work is committed by
    itself, by the scheduled action that does it: what fails later must not undo it.
    """

    _name = "hc.dirty.key"
    _description = "Follow-up Work"
    _order = "id"
    _log_access = False

    create_date = fields.Datetime(readonly=True)
    kind = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    key = fields.Json(readonly=True)
    attempt_count = fields.Integer("Attempts", readonly=True, default=0)
    next_attempt_at = fields.Datetime(readonly=True)
    error_code = fields.Char("Error", readonly=True)
    error_title = fields.Char("Last error", compute="_compute_error_title")

    _due_idx = models.Index("(next_attempt_at, id)")

    @api.depends("error_code")
    def _compute_error_title(self):
        for dirty in self:
            dirty.error_title = spec(dirty.error_code).title if dirty.error_code else False

    def action_run_now(self):
        """Button: try again what failed, without waiting for its time."""
        self.check_access("read")
        if not self.env.user.has_group("healthcare_integration_base.group_integration_operator"):
            raise AccessError(self.env._("Only integration operators may do this."))
        self._sudo_make_due()

    def _sudo_make_due(self):
        """Follow-up work is the engine's to write; users come here through the button."""
        self.env.cr.execute(
            SQL(
                "UPDATE hc_dirty_key SET next_attempt_at = now() AT TIME ZONE 'UTC'"
                " WHERE id = ANY(%s)",
                self.ids,
            )
        )
        self.invalidate_recordset(["next_attempt_at"])
        self.env.cr.postcommit.add(self.sudo()._wake)

    @api.model
    def _wake(self):
        """Have follow-up work done soon; called after its keys are committed."""
        with self.env.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            trigger(env.ref("healthcare_integration_base.cron_followup"))

    @api.model
    def _cron_run(self):
        """Entry of the scheduled action, woken after batches and once a minute."""
        self.env["ir.cron"]._commit_progress(1, remaining=0)
        self._run_due()

    @api.model
    def _run_due(self):
        """Do all follow-up work that is due.

        It runs as the scheduler's user: what follows from many systems' messages, such
        as replenishment, is the hospital's own work and not one system's.

        :return: how many distinct keys were worked on.
        """
        total = 0
        while chunk := self._next_chunk():
            total += self._run_chunk(*chunk)
        return total

    @api.model
    def _next_chunk(self):
        """The oldest kind and company with due rows: handler, company, ids by key."""
        cr = self.env.cr
        cr.commit()  # pylint: disable=invalid-commit
        cr.execute(
            "SELECT id, kind, company_id, key FROM hc_dirty_key"
            " WHERE next_attempt_at <= now() AT TIME ZONE 'UTC' ORDER BY id LIMIT 5000"
        )
        rows = cr.fetchall()
        cr.commit()  # pylint: disable=invalid-commit
        if not rows:
            return None
        _first, kind, company_id, _key = rows[0]
        handler = self._handler(kind)
        ids_by_key = {}
        for row_id, row_kind, row_company, key in rows:
            if (row_kind, row_company) == (kind, company_id):
                ids_by_key.setdefault(tuple(sorted(key.items())), []).append(row_id)
        chosen = list(ids_by_key.items())[: handler._chunk if handler is not None else None]
        return handler, company_id, chosen

    @api.model
    def _handler(self, kind):
        parents = self.env["hc.followup.handler"]
        for name in self.env.registry.descendants([parents._name], "_inherit"):
            if self.env[name]._kind == kind:
                return self.env[name]
        return None

    @api.model
    def _run_chunk(self, handler, company_id, chosen):
        if handler is None:
            # The addon that left them is gone, and with it the work.
            self._delete(chosen)
            return len(chosen)
        if not handler._writer:
            return self._work(handler, company_id, chosen)
        key = lock_key(WRITER, handler._writer, company_id)
        with session_lock(self.env.cr, key, WRITER_WAIT_SECONDS) as held:
            if held:
                return self._work(handler, company_id, chosen)
        self._postpone(chosen, "database_conflict")
        return 0

    @api.model
    def _work(self, handler, company_id, chosen):
        """Work on a chunk; when it fails, key by key, and later for the one that fails."""
        try:
            keys = [dict(key) for key, _ids in chosen]
            context = {"allowed_company_ids": [company_id]}
            handler.with_context(**context)._process(keys)
            self.env.flush_all()
            self._delete(chosen)
            return len(chosen)
        except psycopg2.InterfaceError:
            raise
        except Exception as error:  # the handler's: postponed and shown, never swallowed
            if self.env.cr._cnx.closed:
                raise
            self.env.cr.rollback()
            self.env.transaction.reset()
            if len(chosen) > 1:
                return sum(self._work(handler, company_id, [one]) for one in chosen)
            _logger.warning("Follow-up work %s failed: %s", handler._kind, type(error).__name__)
            self._postpone(chosen, "unexpected")
            return 0

    @api.model
    def _delete(self, chosen):
        ids = [row_id for _key, row_ids in chosen for row_id in row_ids]
        self.env.cr.execute("DELETE FROM hc_dirty_key WHERE id = ANY(%s)", [ids])
        self.env.cr.commit()  # pylint: disable=invalid-commit

    @api.model
    def _postpone(self, chosen, code):
        ids = [row_id for _key, row_ids in chosen for row_id in row_ids]
        self.env.cr.execute(
            "UPDATE hc_dirty_key SET attempt_count = attempt_count + 1, error_code = %s,"
            " next_attempt_at = now() AT TIME ZONE 'UTC'"
            " + %s * LEAST(attempt_count + 1, 60) * interval '1 second' WHERE id = ANY(%s)",
            [code, RETRY_SECONDS, ids],
        )
        self.env.cr.commit()  # pylint: disable=invalid-commit
