# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..messaging.batch import write
from ..messaging.errors import spec
from .hc_sync_job import OPEN, RUN_STATES

REPORT_LIMIT = 200_000
COMPLETE = ("done", "partial", "refused")


class HcSyncRun(models.Model):
    """One file or pull of a scheduled job: how far it is, and what became of it.

    Written by the engine. People ask for a run, cancel it, or retry it by buttons.
    """

    _name = "hc.sync.run"
    _description = "Run of a Scheduled Job"
    _inherit = ["hc.history.mixin"]
    _order = "id desc"

    name = fields.Char("Run", compute="_compute_name")
    uuid = fields.Char(required=True, readonly=True, copy=False, default=lambda self: str(uuid4()))
    job_id = fields.Many2one(
        "hc.sync.job", required=True, readonly=True, index=True, ondelete="restrict"
    )
    channel_id = fields.Many2one(related="job_id.channel_id", store=True, index=True)
    system_id = fields.Many2one(related="job_id.system_id", store=True)
    company_id = fields.Many2one(related="job_id.company_id", store=True, index=True)
    direction = fields.Selection(related="job_id.direction", store=True)
    trigger = fields.Selection(
        [("schedule", "Schedule"), ("manual", "By hand"), ("next", "Another file was there")],
        readonly=True,
        required=True,
        default="schedule",
    )
    requested_by_id = fields.Many2one("res.users", "Asked for by", readonly=True)
    state = fields.Selection(RUN_STATES, readonly=True, required=True, default="queued", index=True)
    resume_state = fields.Char(readonly=True, help="Where a failed run goes on.")
    outcome = fields.Char(readonly=True)
    file_name = fields.Char("File", readonly=True)
    file_size = fields.Integer("Bytes", readonly=True, default=0)
    file_time = fields.Datetime("Time of the file", readonly=True)
    file_digest = fields.Char("Digest", readonly=True, help="Keyed: it tells no content.")
    is_written = fields.Boolean(readonly=True, default=False)
    row_count = fields.Integer("Rows", readonly=True, default=0)
    staged_count = fields.Integer("Read", readonly=True, default=0)
    accepted_count = fields.Integer("Accepted", readonly=True, default=0)
    duplicate_count = fields.Integer("Duplicates", readonly=True, default=0)
    invalid_count = fields.Integer("Invalid", readonly=True, default=0)
    conflict_count = fields.Integer("Conflicts", readonly=True, default=0)
    delivered_count = fields.Integer("Delivered", readonly=True, default=0)
    progress = fields.Float("Progress (%)", compute="_compute_progress")
    error_code = fields.Char("Error", readonly=True)
    error_title = fields.Char(compute="_compute_error_text")
    error_action = fields.Char("What to do", compute="_compute_error_text")
    started_at = fields.Datetime("Started", readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)
    next_try_at = fields.Datetime("Next try", readonly=True)
    attempt_count = fields.Integer("Failed tries", readonly=True, default=0)
    is_busy = fields.Boolean(readonly=True, default=False)
    crash_count = fields.Integer("Workers lost", readonly=True, default=0)
    cancel_requested = fields.Boolean(readonly=True, default=False)
    line_ids = fields.One2many("hc.sync.run.line", "run_id", "Rows of the file", readonly=True)

    bad_line_ids = fields.One2many(
        "hc.sync.run.line",
        "run_id",
        string="Rows to look at",
        domain=[("state", "in", ("invalid", "conflict"))],
        readonly=True,
    )

    _open_idx = models.Index(
        "(next_try_at, id) WHERE state IN ('queued', 'staging', 'applying', 'finishing')"
    )
    _one_open = models.UniqueIndex(
        "(job_id) WHERE state IN ('queued', 'staging', 'applying', 'finishing')",
        "A run of this job is under way already.",
    )

    def _compute_name(self):
        for run in self:
            run.name = self.env._("Run %s", run.id)

    @api.depends("state", "row_count", "staged_count")
    def _compute_progress(self):
        for run in self:
            run.progress = 100.0 if run.state in COMPLETE else run._share()

    def _share(self):
        """Reading is the first half, applying the second; a file has about ``row_count`` rows."""
        rows = max(self.row_count, self.staged_count, 1)
        applied = self.accepted_count + self.duplicate_count + self.conflict_count
        applied += self.delivered_count + self.invalid_count
        share = {"queued": 0, "staging": self.staged_count / rows / 2}
        share |= dict.fromkeys(("failed", "cancelled"), applied / rows)
        return min(100.0 * share.get(self.state, 0.5 + applied / rows / 2), 99.0)

    def _compute_error_text(self):
        for run in self:
            error = spec(run.error_code) if run.error_code else None
            run.error_title = error.title if error else False
            run.error_action = error.action if error else False

    # ------------------------------------------------------------------- buttons

    def action_cancel(self):
        """Button: stop; rows that were accepted stay, the file stays where it is."""
        self._require_operator()
        for run in self:
            if run.state not in (*OPEN, "failed"):
                raise UserError(self.env._("%s has ended already.", run.name))
            if run.state == "finishing" or run.is_written:
                raise UserError(self.env._("%s is written or applied already.", run.name))
        self._sudo_request_cancel()
        self._audit("sync.cancelled")

    def action_retry(self):
        """Button: go on where the run failed."""
        self._require_operator()
        if any(run.state != "failed" for run in self):
            raise UserError(self.env._("Only failed runs are retried."))
        if any(run.job_id.run_ids.filtered(lambda one: one.state in OPEN) for run in self):
            raise UserError(self.env._("Another run of the job is under way."))
        self._sudo_resume()
        self._audit("sync.retried")

    def action_report(self):
        """Button: what became of each row, as a file."""
        self.ensure_one()
        self._require_operator()
        self._audit("sync.reported")
        name = f"report-{self.id}.csv"
        attachment = self._sudo_attach(name, self._report())
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "self",
        }

    def action_open_rows(self):
        """Button: all rows, to search and group them."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_hc_sync_run_line"
        )
        return {**action, "domain": [("run_id", "=", self.id)], "context": {}}

    def action_open_messages(self):
        """Button: the messages that the run has brought or sent."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_hc_message"
        )
        return {**action, "domain": [("sync_line_ids.run_id", "=", self.id)], "context": {}}

    def _report(self):
        """CSV of the rows: number, outcome, rule, message; no value of the file."""
        labels = dict(
            self.env["hc.sync.run.line"]._fields["state"]._description_selection(self.env)
        )
        lines = self.env["hc.sync.run.line"].search([("run_id", "=", self.id)], limit=REPORT_LIMIT)
        header = [
            self.env._("Row"),
            self.env._("Outcome"),
            self.env._("Error"),
            self.env._("Fields"),
            self.env._("What to do"),
            self.env._("Message"),
        ]
        rows = (
            [
                line.number,
                labels[line.state],
                line.error_code,
                line.detail,
                spec(line.error_code).action if line.error_code else "",
                line.message_id.uuid,
            ]
            for line in lines
        )
        return write.report(header, rows)

    def _sudo_attach(self, name, raw):
        """The file is its reader's; operators have no right to attach to what the engine
        writes, and the sweep of old downloads takes it away."""
        return (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": name,
                    "datas": base64.b64encode(raw),
                    "mimetype": "text/csv",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )

    def _form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _require_operator(self):
        """Entrance check of the public methods: right on the records, and the group."""
        self.check_access("read")
        if not self.env.user.has_group("healthcare_integration_base.group_integration_operator"):
            raise AccessError(self.env._("Only integration operators may do this."))

    def _history_objects(self):
        return super()._history_objects() + self.mapped("uuid")

    def _audit(self, action):
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": run.state,
                    "object": run.uuid,
                    "system_id": run.system_id.id,
                    "company_id": run.company_id.id,
                }
                for run in self
            ]
        )

    def _sudo_request_cancel(self):
        """Runs are the engine's to write; users come here through checked buttons."""
        for run in self.sudo():
            if run.state in ("queued", "failed"):
                run._end("cancelled")
            else:
                run.cancel_requested = True

    def _sudo_resume(self):
        """See :meth:`_sudo_request_cancel`."""
        for run in self.sudo():
            run.write(
                {
                    "state": run.resume_state or "queued",
                    "next_try_at": False,
                    "attempt_count": 0,
                    "crash_count": 0,
                    "error_code": False,
                    "finished_at": False,
                }
            )
        self.env.ref("healthcare_integration_base.cron_sync").sudo()._trigger()

    def _end(self, state):
        """The end of a run that is not being worked on."""
        self.write({"state": state, "finished_at": fields.Datetime.now()})
        self.env["hc.sync.run.line"].search(
            [("run_id", "=", self.id), ("state", "=", "staged")]
        ).write({"state": "cancelled", "staged": False})
