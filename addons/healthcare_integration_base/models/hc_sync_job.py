# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import time
from datetime import UTC
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.base.models.res_partner import _tz_get

from ..engine.locks import lock_key, session_lock
from ..engine.sync.pull import FilePull
from ..engine.sync.push import FilePush
from ..messaging.batch import schedule
from ..messaging.batch.rows import Dialect
from .hc_channel_batch import BATCH

RUN_STATES = [
    ("queued", "Queued"),
    ("staging", "Reading"),
    ("applying", "Applying"),
    ("finishing", "Finishing"),
    ("done", "Done"),
    ("partial", "Partly done"),
    ("refused", "Refused"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
]
OPEN = ("queued", "staging", "applying", "finishing")
CHARSETS = [
    ("utf-8", "UTF-8"),
    ("windows-1252", "Windows-1252"),
    ("iso-8859-1", "ISO 8859-1"),
    ("iso-8859-15", "ISO 8859-15"),
]
LOCK = "hc.sync.job"
SLICE_SECONDS = 30
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


class HcSyncJob(models.Model):
    """What is pulled or pushed by schedule for one channel: where, how, when.

    The sync mode of the catalog decides: only a channel of scheduled batch has a job, and
    at most one. What HTTP adds is in ``hc_sync_job_http.py``, what must hold in
    ``hc_sync_job_checks.py``.
    """

    _name = "hc.sync.job"
    _description = "Scheduled Job"
    _inherit = ["hc.governed.mixin", "mail.thread"]
    _asks_reason = True
    _order = "name, id"

    name = fields.Char(required=True, tracking=True)
    channel_id = fields.Many2one(
        "hc.channel",
        required=True,
        ondelete="restrict",
        domain=[("sync_mode", "=", BATCH)],
        tracking=True,
    )
    system_id = fields.Many2one(related="channel_id.system_id", store=True, index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    direction = fields.Selection(related="channel_id.direction", store=True)
    channel_state = fields.Selection(related="channel_id.state", string="Channel state")
    active = fields.Boolean(default=True, tracking=True)

    transport = fields.Selection(
        [("files", "Files"), ("http", "HTTP")],
        required=True,
        default="files",
        tracking=True,
    )
    store_id = fields.Many2one("hc.file.store", "File store", ondelete="restrict", tracking=True)
    pattern = fields.Char(
        default="*.csv", tracking=True, help="Which files are taken: * and ? stand for any text."
    )
    after_success = fields.Selection(
        [
            ("move", "Move to the folder done"),
            ("delete", "Delete"),
            ("keep", "Leave it, and remember it"),
        ],
        required=True,
        default="move",
        tracking=True,
        help="Files that are refused go to the folder refused, unless they are left.",
    )
    settle_seconds = fields.Integer(
        "Settling (s)",
        default=2,
        help="A file is taken when its size and time stay the same for so long.",
    )
    file_prefix = fields.Char(
        "File name", default="export", help="Names of files begin so; time and run follow."
    )

    file_format = fields.Selection(
        [("csv", "CSV"), ("ndjson", "NDJSON, an object on each line"), ("json", "JSON array")],
        "Format",
        required=True,
        default="csv",
        tracking=True,
    )
    rows_are = fields.Selection(
        [("data", "Data of one message type"), ("events", "CloudEvents")],
        "Rows are",
        required=True,
        default="data",
        tracking=True,
    )
    message_type_id = fields.Many2one(
        "hc.message.type", "Message type", ondelete="restrict", tracking=True
    )
    delimiter = fields.Selection(
        [("comma", "Comma"), ("semicolon", "Semicolon"), ("tab", "Tab"), ("pipe", "Bar |")],
        required=True,
        default="comma",
    )
    charset = fields.Selection(CHARSETS, "Character set", required=True, default="utf-8")
    column_ids = fields.One2many("hc.sync.job.column", "job_id", "Columns", copy=True)

    identity = fields.Selection(
        [
            ("file", "Its place in a file of this name and content"),
            ("file_time", "Its place in a file of this name, content and time"),
            ("fields", "Fields of the row"),
        ],
        "A row is known by",
        required=True,
        default="file",
        tracking=True,
        help="The same row again is a duplicate without a second effect.",
    )
    identity_fields = fields.Char(
        "Fields of the id",
        tracking=True,
        help="Pointers, separated by blanks: /item/value /changed_at",
    )
    time_field = fields.Char(
        "Field of the time",
        tracking=True,
        help="Pointer of the time at which the row holds; without it the time of the file. "
        "The newest wins.",
    )
    row_policy = fields.Selection(
        [
            ("good_rows", "Take the good rows, report the others"),
            ("all_or_nothing", "All rows or none"),
        ],
        "Invalid rows",
        required=True,
        default="good_rows",
        tracking=True,
    )
    max_megabytes = fields.Integer("Largest file (MB)", default=50)
    max_rows = fields.Integer("Most rows", default=200_000)

    schedule = fields.Selection(
        [("manual", "Only by hand"), ("interval", "At intervals"), ("daily", "Daily")],
        required=True,
        default="daily",
        tracking=True,
    )
    interval_minutes = fields.Integer("Every (min)", default=60, tracking=True)
    at_time = fields.Char("At", default="02:30", tracking=True, help="Time of day, such as 02:30.")
    timezone = fields.Selection(
        _tz_get,
        "Time zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
    )
    next_run_at = fields.Datetime("Next run", compute="_compute_next_run_at", store=True)
    run_ids = fields.One2many("hc.sync.run", "job_id", "Runs")
    run_count = fields.Integer(compute="_compute_runs")
    last_run_id = fields.Many2one("hc.sync.run", "Last run", compute="_compute_runs")
    last_state = fields.Selection(RUN_STATES, "Last outcome", compute="_compute_runs")
    last_finished_at = fields.Datetime("Last finished", compute="_compute_runs")

    _channel_uniq = models.UniqueIndex("(channel_id)", "The channel has a job already.")
    _limits_sound = models.Constraint(
        "CHECK(max_megabytes BETWEEN 1 AND 500 AND max_rows BETWEEN 1 AND 1000000"
        " AND settle_seconds BETWEEN 0 AND 60 AND interval_minutes BETWEEN 1 AND 10080)",
        "Limits: 1 to 500 MB, up to a million rows, settling up to 60 s, every 1 to 10,080 min.",
    )

    # ------------------------------------------------------------------ schedule

    @api.depends("schedule", "interval_minutes", "at_time", "timezone", "active")
    def _compute_next_run_at(self):
        for job in self:
            job.next_run_at = job._next_after(fields.Datetime.now())

    def _next_after(self, now):
        """When the job is due after ``now`` (naive, UTC); nothing if only by hand."""
        at = schedule.clock(self.at_time or "")
        if not self.active or self.schedule == "manual":
            return False
        if self.schedule == "interval":
            return schedule.next_interval(now, self.interval_minutes)
        if at is None:
            return False
        zone = ZoneInfo(self.timezone or "UTC")
        return schedule.next_clock(now.replace(tzinfo=UTC), at, zone).replace(tzinfo=None)

    def _compute_runs(self):
        runs = self.env["hc.sync.run"]
        groups = runs._read_group([("job_id", "in", self.ids)], ["job_id"], ["__count", "id:max"])
        found = {job.id: (count, last) for job, count, last in groups}
        for job in self:
            job.run_count, last = found.get(job.id, (0, False))
            job.last_run_id = run = runs.browse(last or [])
            job.last_state, job.last_finished_at = run.state, run.finished_at

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_forged(vals)
        return super().create(vals_list)

    def _history_objects(self):
        return super()._history_objects() + self.column_ids._history_objects()

    def write(self, vals):
        self._check_forged(vals)
        return super().write(vals)

    def _check_forged(self, vals):
        if not self.env.su and "next_run_at" in vals:
            raise AccessError(self.env._("What was reached is kept by the server."))

    def copy_data(self, default=None):
        """The channel of a copy is still to be chosen."""
        return [{**vals, "channel_id": False} for vals in super().copy_data(default)]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.run_ids:
            raise UserError(self.env._("A job that has run is archived, not deleted."))

    # ----------------------------------------------------------- for the engine

    def _id_pointers(self):
        """Fields that are the id of a row."""
        if self.identity != "fields":
            return ()
        return tuple((self.identity_fields or "").replace(",", " ").split())

    def _dialect(self):
        return Dialect(DELIMITERS[self.delimiter], '"', self.charset)

    def _worker(self, run, deadline):
        """What goes on with a run of this job."""
        if self.direction == "out":
            return FilePush(run, deadline)
        return FilePull(run, deadline)

    @api.model
    def _cron_sync(self):
        """Entry of the scheduled action: starts what is due and goes on with what is open."""
        # Progress is claimed at the start: a worker that a run kills is counted with the run,
        # and must not stop the others by the scheduler's own counter.
        self.env["ir.cron"]._commit_progress(1, remaining=0)
        if self._sync():
            self.env.ref("healthcare_integration_base.cron_sync")._trigger()

    @api.model
    def _sync(self):
        """Give each open run a slice of time.

        :return: whether there is more to do at once
        """
        self._start_due()
        more = False
        for run_id, job_id in self._open_runs():
            with session_lock(self.env.cr, lock_key(LOCK, job_id)) as held:
                if held:
                    self.env.invalidate_all(flush=False)
                    more |= self._slice(run_id)
        return more

    def _slice(self, run_id):
        run = self.env["hc.sync.run"].browse(run_id).exists()
        if not run or run.state not in OPEN:
            return False
        deadline = time.monotonic() + SLICE_SECONDS
        return run.job_id._worker(run, deadline).work() or self._has_next(run_id)

    def _has_next(self, run_id):
        """Whether the run was followed by another of its job."""
        self.env.cr.execute(
            "SELECT 1 FROM hc_sync_run n JOIN hc_sync_run r ON r.job_id = n.job_id"
            " WHERE r.id = %s AND n.id > r.id AND n.state = 'queued' LIMIT 1",
            [run_id],
        )
        return bool(self.env.cr.rowcount)

    def _open_runs(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id, job_id FROM hc_sync_run WHERE state = ANY(%s)"
            " AND (next_try_at IS NULL OR next_try_at <= now() AT TIME ZONE 'UTC')"
            " ORDER BY next_try_at NULLS FIRST, id",
            [list(OPEN)],
        )
        return self.env.cr.fetchall()

    def _start_due(self):
        """Queue a run for each job that is due and has none under way."""
        now = fields.Datetime.now()
        for job in self.search([("next_run_at", "<=", now), ("channel_id.state", "=", "active")]):
            if not job.run_ids.filtered(lambda run: run.state in OPEN):
                self.env["hc.sync.run"].create({"job_id": job.id, "trigger": "schedule"})
            job.next_run_at = job._next_after(now)
        self.env.flush_all()
        self.env.cr.commit()  # pylint: disable=invalid-commit

    # ------------------------------------------------------------------- buttons

    def action_run_now(self):
        """Button: have the job run now."""
        self.ensure_one()
        self._require_operator()
        if not self.active:
            raise UserError(self.env._("The job is archived."))
        open_runs = self.run_ids.filtered(lambda run: run.state in OPEN)
        if open_runs:
            raise UserError(self.env._("A run of this job is under way: %s.", open_runs[0].name))
        if self.channel_id.state != "active":
            raise UserError(self.env._("The channel of the job is not active."))
        run = self._sudo_queue("manual")
        run._audit("sync.requested")
        return run._form()

    def action_open_runs(self):
        """Button: what the job has done."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_hc_sync_run"
        )
        return {**action, "domain": [("job_id", "=", self.id)], "context": {}}

    def _require_operator(self):
        """Entrance check of the public methods: right on the records, and the group."""
        self.check_access("read")
        if not self.env.user.has_group("healthcare_integration_base.group_integration_operator"):
            raise AccessError(self.env._("Only integration operators may do this."))

    def _sudo_queue(self, trigger):
        """Runs are the engine's to write; users come here through checked buttons."""
        run = (
            self.env["hc.sync.run"]
            .sudo()
            .create(
                {
                    "job_id": self.id,
                    "trigger": trigger,
                    "requested_by_id": self.env.uid if trigger == "manual" else False,
                }
            )
        )
        self.env.ref("healthcare_integration_base.cron_sync").sudo()._trigger()
        return run.with_env(self.env)
