# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import time
from datetime import timedelta

from odoo import Command, api, fields, models

from ..engine.locks import session_lock
from ..engine.prune import LOCK, PAGE

SLOT_SECONDS = 45
"""How long one call of the scheduled action works; the next one goes on where it ended."""
AGAIN_AFTER = timedelta(hours=20)


class HcRetentionRun(models.Model):
    """One pass of the retention rules over the ledger: what was deleted, and what was kept.

    A pass is worked off in small committed batches, over several calls of the scheduled
    action if need be, and after a crash goes on behind the last batch.
    """

    _name = "hc.retention.run"
    _description = "Retention Run"
    _inherit = ["hc.history.mixin"]
    _history_prefix = "retention"
    _order = "id desc"
    _rec_name = "started_at"

    started_at = fields.Datetime("Started", readonly=True)
    ended_at = fields.Datetime("Ended", readonly=True)
    state = fields.Selection(
        [("running", "Running"), ("done", "Done")],
        default="running",
        required=True,
        readonly=True,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users", "Started by", readonly=True, help="Empty: by the scheduled action."
    )
    line_ids = fields.One2many("hc.retention.run.line", "run_id", readonly=True)
    pruned_count = fields.Integer("Deleted", compute="_compute_counts")
    kept_count = fields.Integer("Kept in spite of their age", compute="_compute_counts")
    batch_count = fields.Integer("Batches", compute="_compute_counts")

    _one_at_a_time = models.UniqueIndex("(state) WHERE state = 'running'")

    @api.depends("line_ids.pruned_count", "line_ids.held_count")
    def _compute_counts(self):
        for run in self:
            run.pruned_count = sum(run.line_ids.mapped("pruned_count"))
            run.batch_count = sum(run.line_ids.mapped("batch_count"))
            run.kept_count = sum(
                line.held_count + line.issue_count + line.needed_count for line in run.line_ids
            )

    @api.model
    def _sudo_start(self, user=True):
        """Begin a run, unless one is under way: nobody has write access to runs.

        :param user: whether a person has asked for it.
        """
        runs = self.sudo()
        if runs.search_count([("state", "=", "running")], limit=1):
            return runs.browse()
        run = runs.create(
            {
                "started_at": fields.Datetime.now(),
                "user_id": self.env.uid if user else False,
                "line_ids": [
                    Command.create({"channel_id": channel, "message_state": state, "days": days})
                    for channel, state, days in self.env["hc.retention.rule"]._sudo_plan()
                ],
            }
        )
        self.env.ref("healthcare_integration_base.cron_retention").sudo()._trigger()
        return run

    @api.model
    def _cron_run(self):
        """Entry of the scheduled action: a run each night, worked on for a while each time."""
        self.env["ir.cron"]._commit_progress(1, remaining=0)
        run = self.search([("state", "=", "running")]) or self._due()
        if run and not run._work(SLOT_SECONDS):
            self.env.ref("healthcare_integration_base.cron_retention")._trigger(
                fields.Datetime.now() + timedelta(seconds=60)
            )

    @api.model
    def _due(self):
        """A new run, when the last one was some time ago."""
        since = fields.Datetime.now() - AGAIN_AFTER
        if self.search_count([("started_at", ">", since)], limit=1):
            return self.browse()
        return self._sudo_start(user=False)

    def _work(self, seconds, limit=PAGE):
        """Work on this run for a while; every batch is committed.

        :return: whether it is at its end.
        """
        self.ensure_one()
        until = time.monotonic() + seconds
        while True:
            with session_lock(self.env.cr, LOCK, wait_seconds=10) as held:
                if not held:
                    return False
                # Another process may have worked on it meanwhile.
                self.env.invalidate_all(flush=False)
                if self.state == "running":
                    self._next(limit)
                    self.env.cr.commit()  # pylint: disable=invalid-commit
            if self.state != "running":
                return True
            if time.monotonic() > until:
                return False

    def _next(self, limit):
        """The next batch, or the end of the run where there is none."""
        line = self.line_ids.filtered(lambda one: not one.is_done)[:1]
        if line:
            line._batch(limit)
        else:
            self._end()

    def _end(self):
        """Write into the trail what was done, by channel and state."""
        self.write({"state": "done", "ended_at": fields.Datetime.now()})
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "retention.run",
                    "outcome": "done",
                    "object": f"{self._name},{self.id}",
                    "user_id": self.user_id.id or self.env.uid,
                    "deleted": self.pruned_count,
                    "kept": self.kept_count,
                    "lines": [line._told() for line in self.line_ids if line._told()],
                }
            ]
        )
        # Lines that found nothing say nothing, and there is one for each channel and state.
        self.line_ids.filtered(lambda line: not line._told()).unlink()
