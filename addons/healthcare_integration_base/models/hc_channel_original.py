# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

MANAGER = "healthcare_integration_base.group_integration_manager"
OFFICER = "healthcare_integration_base.group_privacy_officer"
MAX_HOURS = 720
STEPS = (
    "original_state",
    "original_hours",
    "original_reason",
    "original_requested_by_id",
    "original_approved_by_id",
    "original_approved_at",
)


class HcChannel(models.Model):
    """Keeping what senders wrote, sealed and for hours (ADR 0024). Off unless a manager asks
    for it, with a reason, and a privacy officer agrees."""

    _inherit = "hc.channel"

    original_state = fields.Selection(
        [("off", "Not kept"), ("requested", "To be approved"), ("on", "Kept, sealed")],
        "Sealed original",
        default="off",
        required=True,
        readonly=True,
        copy=False,
    )
    original_hours = fields.Integer("Kept for (hours)", readonly=True, copy=False)
    original_reason = fields.Text("Reason for originals", readonly=True, copy=False)
    original_requested_by_id = fields.Many2one(
        "res.users", "Originals requested by", readonly=True, copy=False
    )
    original_approved_by_id = fields.Many2one(
        "res.users", "Originals approved by", readonly=True, copy=False
    )
    original_approved_at = fields.Datetime("Originals approved", readonly=True, copy=False)

    _original_hours_range = models.Constraint(
        f"CHECK(original_hours IS NULL OR original_hours BETWEEN 0 AND {MAX_HOURS})",
        "A sealed original is kept for 720 hours at most.",
    )

    def _wire_channel(self):
        hours = self.original_hours if self.original_state == "on" else 0
        return replace(super()._wire_channel(), original_hours=hours)

    def _check_step_forged(self, vals):
        result = super()._check_step_forged(vals)
        forged = vals.get("original_state", "off") != "off" or any(
            vals.get(name) for name in STEPS[1:]
        )
        if not self.env.su and (forged or (self and vals.keys() & set(STEPS))):
            raise AccessError(
                self.env._("Whether originals are kept is requested and approved by buttons.")
            )
        return result

    # ----------------------------------------------------------------- buttons

    def action_ask_original(self):
        """Button: ask for how long originals are to be kept, and why."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Keep a sealed original"),
            "res_model": "hc.channel.original.request",
            "view_mode": "form",
            "target": "new",
            "context": {"default_channel_id": self.id},
        }

    def _request_original(self, hours, reason):
        """Ask a privacy officer to agree; nothing is kept until then."""
        self.ensure_one()
        self.check_access("write")
        if self.direction != "in":
            raise UserError(self.env._("Only what senders write has an original."))
        if not 1 <= hours <= MAX_HOURS:
            raise UserError(self.env._("An original is kept for 1 to %s hours.", MAX_HOURS))
        if self.original_state != "off":
            raise UserError(self.env._("It was requested or approved already."))
        self._sudo_original(
            original_state="requested",
            original_hours=hours,
            original_reason=reason,
            original_requested_by_id=self.env.uid,
        )
        self._trace_original("original.requested", reason, hours)

    def action_approve_original(self):
        """Button: a privacy officer agrees; from now on originals are kept."""
        self.ensure_one()
        self._check_original_officer()
        if self.original_state != "requested":
            raise UserError(self.env._("Nobody has asked for it."))
        if self.original_requested_by_id == self.env.user:
            raise UserError(self.env._("Somebody else than who requested it approves it."))
        self._sudo_original(
            original_state="on",
            original_approved_by_id=self.env.uid,
            original_approved_at=fields.Datetime.now(),
        )
        self._trace_original("original.approved", self.original_reason, self.original_hours)

    def action_stop_original(self):
        """Button: no further original is kept; those that are here go when their time is
        over."""
        self.ensure_one()
        self.check_access("read")
        user = self.env.user
        if not (user.has_group(MANAGER) or user.has_group(OFFICER)):
            raise AccessError(self.env._("Only managers and privacy officers decide about it."))
        if self.original_state == "off":
            raise UserError(self.env._("No originals are kept."))
        hours = self.original_hours
        self._sudo_original(**dict.fromkeys(STEPS, False) | {"original_state": "off"})
        self._trace_original("original.stopped", None, hours)

    def _check_original_officer(self):
        self.check_access("read")
        if not self.env.user.has_group(OFFICER):
            raise AccessError(self.env._("Only privacy officers may do this."))

    def _sudo_original(self, **values):
        """Closed to plain writes, and open to the checked steps above; privacy officers have
        no right to change channels."""
        self.sudo().write(values)

    def _trace_original(self, action, reason, hours):
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": self.original_state,
                    "object": f"{self._name},{self.id}",
                    "user_id": self.env.uid,
                    "system_id": self.system_id.id,
                    "company_id": self.company_id.id,
                    "reason": reason,
                    "hours": hours,
                }
            ]
        )
