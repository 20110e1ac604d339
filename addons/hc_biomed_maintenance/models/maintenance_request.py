# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from ..work.staff import STAFF

ESCALATE_AT_ONCE = 200


class MaintenanceRequest(models.Model):
    _name = "maintenance.request"
    _inherit = ["maintenance.request", "hc.traced.mixin"]

    hc_cause = fields.Char(
        "Alarm code", readonly=True, copy=False, help="Of which alarms it is made."
    )
    hc_cause_text = fields.Char("What", compute="_compute_hc_cause_text")
    hc_rule_id = fields.Many2one(
        "hc.triage.rule", string="Triage rule", readonly=True, copy=False, ondelete="set null"
    )
    hc_alarm_ids = fields.One2many(
        "hc.device.alarm",
        "request_id",
        string="Alarms",
        readonly=True,
        groups="hc_biomed_maintenance.group_biomed_user",
    )
    hc_alarm_count = fields.Integer(
        "Times", readonly=True, copy=False, help="How often the device has raised this alarm."
    )
    hc_first_alarm_at = fields.Datetime("First alarm", readonly=True, copy=False)
    hc_last_alarm_at = fields.Datetime("Last alarm", readonly=True, copy=False)
    hc_criticality = fields.Selection(
        related="equipment_id.hc_criticality", string="Criticality", store=True
    )
    hc_location = fields.Char("Place", readonly=True, copy=False)
    hc_deadline = fields.Datetime("Deadline", copy=False, tracking=True)
    hc_closed_at = fields.Datetime(
        "Closed", compute="_compute_hc_closed_at", store=True, copy=False
    )
    hc_acknowledge_by = fields.Datetime("Acknowledge by", readonly=True, copy=False)
    hc_acknowledged_at = fields.Datetime("Acknowledged", readonly=True, copy=False)
    hc_acknowledged_by_id = fields.Many2one(
        "res.users", string="Acknowledged by", readonly=True, copy=False
    )
    hc_escalated_at = fields.Datetime("Escalated", readonly=True, copy=False, tracking=True)
    hc_clock = fields.Selection(
        [("none", "No deadline"), ("ok", "In time"), ("soon", "Soon due"), ("late", "Overdue")],
        string="Clock",
        compute="_compute_hc_clock",
        search="_search_hc_clock",
    )
    hc_clock_text = fields.Char("Time left", compute="_compute_hc_clock")

    _hc_open_once = models.UniqueIndex(
        "(equipment_id, hc_cause) WHERE hc_cause IS NOT NULL AND hc_closed_at IS NULL",
        "There is an open request for this alarm of the equipment already.",
    )
    _hc_cause_idx = models.Index(
        "(equipment_id, hc_cause, hc_closed_at) WHERE hc_cause IS NOT NULL"
    )
    _hc_unanswered_idx = models.Index(
        "(hc_acknowledge_by) WHERE hc_acknowledged_at IS NULL AND hc_escalated_at IS NULL"
        " AND hc_closed_at IS NULL"
    )

    @api.depends("stage_id.done", "archive")
    def _compute_hc_closed_at(self):
        """Since when it is done or given up; opened again it has never been closed."""
        now = fields.Datetime.now()
        for request in self:
            is_closed = request.stage_id.done or request.archive
            request.hc_closed_at = is_closed and (request.hc_closed_at or now)

    @api.depends("hc_cause")
    def _compute_hc_cause_text(self):
        for request in self:
            request.hc_cause_text = request.hc_cause and self._hc_cause_label(request.hc_cause)

    @api.model
    def _hc_cause_label(self, cause):
        """The code of the alarm; of what staff report, in words."""
        problem = cause.removeprefix(STAFF)
        if problem == cause:
            return cause
        labels = dict(
            self.env["hc.device.report"]._fields["problem"]._description_selection(self.env)
        )
        return labels.get(problem, cause)

    @api.depends("hc_deadline", "hc_closed_at")
    def _compute_hc_clock(self):
        now = fields.Datetime.now()
        for request in self:
            if not request.hc_deadline or request.hc_closed_at:
                request.hc_clock, request.hc_clock_text = "none", False
                continue
            left = (request.hc_deadline - now).total_seconds() / 3600
            request.hc_clock = "late" if left < 0 else "soon" if left < 2 else "ok"
            request.hc_clock_text = self._hc_time_left(left)

    def _hc_time_left(self, hours):
        amount = abs(hours)
        if amount < 1:
            text = self.env._("%s min", int(amount * 60))
        elif amount < 48:
            text = self.env._("%s h", int(amount))
        else:
            text = self.env._("%s days", int(amount / 24))
        return self.env._("%s late", text) if hours < 0 else text

    def _search_hc_clock(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        soon = fields.Datetime.add(now, hours=2)
        is_open = [("hc_closed_at", "=", False)]
        domains = {
            "late": [*is_open, ("hc_deadline", "<", now)],
            "soon": [*is_open, ("hc_deadline", ">=", now), ("hc_deadline", "<", soon)],
            "ok": [*is_open, ("hc_deadline", ">=", soon)],
            "none": ["|", ("hc_closed_at", "!=", False), ("hc_deadline", "=", False)],
        }
        return fields.Domain.OR([domains[one] for one in value if one in domains])

    def write(self, vals):
        """Whoever moves a request on has seen it."""
        result = super().write(vals)
        if "stage_id" in vals and not self.env.user.is_hc_system:
            self._hc_acknowledge()
        return result

    def _hc_traced(self):
        return self

    # ------------------------------------------------------------------ buttons

    def action_hc_acknowledge(self):
        """Button: somebody has seen the alarm and takes care of it."""
        self.check_access("write")
        self._hc_acknowledge()

    def action_hc_alarms(self):
        """Button: the timeline of the request."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "hc_biomed_maintenance.action_hc_device_alarm"
            ),
            "domain": [("request_id", "=", self.id)],
            "context": {},
        }

    def _hc_acknowledge(self):
        waiting = self.filtered(lambda one: one.hc_cause and not one.hc_acknowledged_at)
        if not waiting:
            return
        waiting.write(
            {
                "hc_acknowledged_at": fields.Datetime.now(),
                "hc_acknowledged_by_id": self.env.uid,
            }
        )
        waiting._sudo_end_escalation()

    def _sudo_end_escalation(self):
        """The escalation is another's activity; it is over when somebody takes the alarm."""
        self.sudo().activity_unlink(["hc_biomed_maintenance.activity_escalated"])

    # --------------------------------------------------------------- escalation

    @api.model
    def _cron_escalate(self):
        """Entry of the scheduled action: tell who has to know what nobody acknowledges."""
        while unanswered := self._hc_unanswered():
            unanswered._hc_escalate()
            left = len(self._hc_unanswered())
            if not self.env["ir.cron"]._commit_progress(len(unanswered), remaining=left):
                break

    @api.model
    def _hc_unanswered(self):
        return self.search(
            [
                ("hc_acknowledge_by", "<=", fields.Datetime.now()),
                ("hc_acknowledged_at", "=", False),
                ("hc_escalated_at", "=", False),
                ("hc_closed_at", "=", False),
            ],
            order="hc_acknowledge_by",
            limit=ESCALATE_AT_ONCE,
        )

    def _hc_escalate(self):
        """Once for each request: an activity for who is named by the rule, else by the team."""
        for request in self:
            summary = self.env._("Nobody has acknowledged this alarm in time")
            request.activity_schedule(
                "hc_biomed_maintenance.activity_escalated",
                summary=summary,
                user_id=request._hc_escalation_user().id,
            )
        self.write({"hc_escalated_at": fields.Datetime.now()})

    def _hc_escalation_user(self):
        self.ensure_one()
        return (
            self.hc_rule_id.escalation_user_id
            or self.maintenance_team_id.hc_escalation_user_id
            or self.env.ref("base.user_admin")
        )
