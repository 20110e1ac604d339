# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..messaging.errors_restore import RESTORED

MANAGER = "healthcare_integration_base.group_integration_manager"
STATED = ("restored_to", "margin_minutes", "incident", "reason", "company_ids")


class HcRestore(models.Model):
    """What follows the restore of the database to a moment in the past.

    What was acknowledged after that moment is not in the database any more: senders are asked
    to send again, sources are read again, and what may have been sent out meanwhile is of
    unknown outcome. What is there already is recognized, so nothing is lost or doubled.
    """

    _name = "hc.restore"
    _description = "Restore"
    _inherit = ["hc.governed.mixin", "mail.thread"]
    _history_prefix = "restore"
    _order = "id desc"
    _rec_name = "incident"

    incident = fields.Char(required=True, help="Number or name of the incident.")
    reason = fields.Text(required=True, help="What happened, and why the database was restored.")
    restored_to = fields.Datetime(
        "Restored to",
        required=True,
        help="The moment up to which the database holds everything: recovery_target_time, or"
        " the time of the dump.",
    )
    margin_minutes = fields.Integer(
        "Margin (min)",
        default=15,
        required=True,
        help="Senders begin this much earlier: clocks differ, and what is known is recognized.",
    )
    resend_from = fields.Datetime("Send again from", compute="_compute_resend_from")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("open", "Being Caught Up"),
            ("closed", "Closed"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        required=True,
        default=lambda self: self.env.companies,
        help="Whose systems are asked. The database is restored as a whole.",
    )
    started_by_id = fields.Many2one("res.users", "Started by", readonly=True, copy=False)
    started_at = fields.Datetime("Started", readonly=True, copy=False)
    closed_by_id = fields.Many2one("res.users", "Closed by", readonly=True, copy=False)
    closed_at = fields.Datetime("Closed at", readonly=True, copy=False)
    is_intake_paused = fields.Boolean("Intake paused", compute="_compute_is_intake_paused")
    unknown_count = fields.Integer(
        "Of unknown outcome",
        readonly=True,
        copy=False,
        help="Outbound messages that were to be sent at the moment, and may have been since.",
    )
    line_ids = fields.One2many("hc.restore.line", "restore_id", copy=False)
    asked_count = fields.Integer("Asked", compute="_compute_counts")
    line_count = fields.Integer("Channels", compute="_compute_counts")
    anew_count = fields.Integer("Received again", compute="_compute_counts")
    report = fields.Text(readonly=True, copy=False)

    _margin_sound = models.Constraint(
        "CHECK(margin_minutes BETWEEN 0 AND 10080)", "A margin is at most a week."
    )

    @api.depends("restored_to", "margin_minutes")
    def _compute_resend_from(self):
        for one in self:
            margin = timedelta(minutes=one.margin_minutes)
            one.resend_from = one.restored_to and one.restored_to - margin

    @api.depends("line_ids.is_paused")
    def _compute_is_intake_paused(self):
        for one in self:
            one.is_intake_paused = any(one.line_ids.mapped("is_paused"))

    @api.depends("line_ids.asked_at")
    def _compute_counts(self):
        for one in self:
            inbound = one.line_ids.filtered(lambda line: line.direction == "in")
            one.line_count = len(inbound)
            one.asked_count = len(inbound.filtered("asked_at"))
            one.anew_count = sum(inbound.mapped("anew_count"))

    @api.constrains("restored_to")
    def _check_moment(self):
        now = fields.Datetime.now()
        if any(one.restored_to > now for one in self):
            raise ValidationError(self.env._("A database is restored to a moment in the past."))

    def _ungoverned_fields(self):
        return super()._ungoverned_fields() | {"unknown_count", "report"}

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_forged(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_forged(vals)
        if not self.env.su and vals.keys() & {*STATED} and self.filtered("started_at"):
            raise UserError(self.env._("What was started is not changed any more."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_drafts_only(self):
        if self.filtered("started_at"):
            raise UserError(self.env._("A restore is part of the trail; it is closed."))

    def _check_forged(self, vals):
        forged = {"started_by_id", "started_at", "closed_by_id", "closed_at", "unknown_count"}
        if not self.env.su and (
            forged & vals.keys() or vals.get("state", "draft") != "draft" or "report" in vals
        ):
            raise AccessError(self.env._("The state of a restore changes by its buttons."))

    # -------------------------------------------------------------------- buttons

    def action_start(self):
        """Button: the database is back. Mark what may have been sent, rewind what is read,
        and list who has to send again."""
        self._require("draft")
        self._sudo_start()

    def action_pause_intake(self):
        """Button: senders get 503 until the intake is opened again; they keep their events."""
        self._require("open")
        self._sudo_pause()

    def action_resume_intake(self):
        """Button: accept again on the channels that were paused here."""
        self._require("open")
        self._sudo_resume_intake()

    def action_close(self):
        """Button: everybody has sent again; write the report."""
        self._require("open")
        left = self.line_ids.filtered(lambda one: one.direction == "in" and not one.asked_at)
        if left:
            names = ", ".join(left.channel_id.mapped("name"))
            raise UserError(self.env._("These senders were not asked yet: %s", names))
        if self.is_intake_paused:
            raise UserError(self.env._("The intake is still paused."))
        self._sudo_close()

    def action_cancel(self):
        """Button: it was not meant; nothing was done yet."""
        self._require("draft")
        self._sudo_set({"state": "cancelled"})

    def action_open_unknown(self):
        """Button: outbound messages whose outcome somebody has to find out."""
        self.ensure_one()
        return self._open_messages([("direction", "=", "out"), ("state", "=", "unknown")])

    def action_open_anew(self):
        """Button: what was received since the restore and happened before it."""
        self.ensure_one()
        return self._open_messages(
            [
                ("direction", "=", "in"),
                ("create_date", ">=", self.started_at),
                ("event_time", "<", self.started_at),
                ("channel_id", "in", self.line_ids.channel_id.ids),
            ]
        )

    def _open_messages(self, domain):
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_message"
            ),
            "domain": domain,
            "context": {},
        }

    def _require(self, state):
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only integration managers may do this."))
        if self.state != state:
            raise UserError(self.env._("The restore is not in the right state for this."))

    # ---------------------------------------------------------------------- steps

    def _sudo_start(self):
        """The ledger, channels and sources are changed by the step, not by its user."""
        restore = self.sudo()
        restore.write(
            {
                "state": "open",
                "started_by_id": self.env.uid,
                "started_at": fields.Datetime.now(),
                "unknown_count": restore._mark_unknown(),
            }
        )
        channels = restore.env["hc.channel"].search(
            [("company_id", "in", self.company_ids.ids), ("state", "in", ("active", "paused"))]
        )
        restore.env["hc.restore.line"].create([restore._line_vals(channel) for channel in channels])
        rewound = restore._rewind_sources()
        self._trace(
            "restore.started",
            restored_to=str(self.restored_to),
            unknown=self.unknown_count,
            rewound=rewound,
        )

    def _mark_unknown(self):
        """Outbound messages that waited to be sent at the moment: the remote may have them,
        although this database does not know of it. Receivers that take a message once only
        get it again with the same key.

        :return: how many
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE hc_message SET state = 'unknown', error_code = %s, issue_id = NULL,"
                " next_attempt_at = now() AT TIME ZONE 'UTC'"
                " WHERE direction = 'out' AND state IN ('queued', 'retry')"
                " AND create_date <= %s AND company_id = ANY(%s) AND channel_id IN"
                " (SELECT id FROM hc_channel WHERE on_unknown <> 'repeat')"
                " RETURNING id, uuid, system_id, channel_id, company_id",
                RESTORED,
                self.restored_to + timedelta(seconds=1),
                self.company_ids.ids,
            )
        )
        marked = self.env.cr.dictfetchall()
        self.env["hc.message"].invalidate_model(flush=False)
        self._report_unknown(marked)
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "message.unknown",
                    "outcome": "unknown",
                    "object": row["uuid"],
                    "system_id": row["system_id"],
                    "company_id": row["company_id"],
                    "reason": "restore",
                }
                for row in marked
            ]
        )
        return len(marked)

    def _report_unknown(self, marked):
        """Channels that have no other way to find out ask a person."""
        channels = self.env["hc.channel"].browse({row["channel_id"] for row in marked})
        asking = channels.filtered(lambda one: one.on_unknown == "person")
        self.env["hc.issue"]._report(
            [
                {
                    "message_id": row["id"],
                    "waiting": True,
                    "system_id": row["system_id"],
                    "channel_id": row["channel_id"],
                    "company_id": row["company_id"],
                    "error_code": RESTORED,
                    "subject": None,
                    "fix": None,
                }
                for row in marked
                if row["channel_id"] in asking.ids
            ]
        )

    def _line_vals(self, channel):
        """What the restored database knows of a channel."""
        last = self.env["hc.message"].search(
            [("channel_id", "=", channel.id), ("create_date", "<=", self.restored_to)],
            order="id desc",
            limit=1,
        )
        return {
            "restore_id": self.id,
            "channel_id": channel.id,
            "last_at": last.create_date,
            "last_identifier": last.message_identifier,
        }

    def _rewind_sources(self):
        """Everything that reads from elsewhere reads again from the margin on.

        :return: how many were rewound
        """
        told = []
        for name in sorted(self.env.registry.descendants(["hc.restore.source"], "_inherit")):
            if not self.env[name]._abstract:
                sources = self.env[name].search([])
                told += sources._rewind(self.resend_from)
        for channel, text, whole in told:
            lines = self.line_ids.filtered(lambda line, c=channel: line.channel_id == c)
            lines.write({"rewound": text, "asked_at": whole and fields.Datetime.now()})
        return len(told)

    def _sudo_pause(self):
        """Channels are the manager's to pause; which ones it were is kept here."""
        lines = self.sudo().line_ids.filtered(
            lambda one: one.direction == "in" and one.channel_id.state == "active"
        )
        lines.channel_id._pause("refuse", self.incident)
        lines.write({"is_paused": True})
        self._trace("restore.paused", channels=len(lines))

    def _sudo_resume_intake(self):
        """See :meth:`_sudo_pause`."""
        lines = self.sudo().line_ids.filtered("is_paused")
        lines.channel_id.filtered(lambda one: one.state == "paused").action_resume()
        lines.write({"is_paused": False})
        self._trace("restore.resumed", channels=len(lines))

    def _sudo_close(self):
        """The report is written once, by this step."""
        told = "\n".join(line._told() for line in self.line_ids)
        values = {"closed_by_id": self.env.uid, "closed_at": fields.Datetime.now()}
        self._sudo_set({**values, "state": "closed", "report": told})
        self._trace("restore.closed", asked=self.asked_count, received_again=self.anew_count)

    def _sudo_set(self, values):
        """The state is closed to plain writes, and open to the checked steps above."""
        self.sudo().write(values)

    def _trace(self, action, **details):
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "object": f"{self._name},{self.id}",
                    "outcome": self.state,
                    "reason": self.reason,
                    "incident": self.incident,
                    **details,
                }
            ]
        )
