# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.exceptions import AccessError, UserError

MANAGER = "healthcare_integration_base.group_integration_manager"


class HcMessage(models.Model):
    """Updates that are not their sender's to make, and wait for a person."""

    _inherit = "hc.message"

    owner_waived = fields.Boolean(
        "Accepted although not the owner's",
        readonly=True,
        help="A person has accepted this update; the ownership matrix does not hold for it.",
    )

    def action_accept_update(self):
        """Button: let this update have its effect although another system owns the data; asks
        for the reason."""
        self._require_owner_of_matrix()
        self._waiting_for_owner()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Accept the update"),
            "res_model": "hc.message.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_decision": "accepted", "default_message_ids": self.ids},
        }

    def _accept_update(self, reason):
        self._require_owner_of_matrix()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why."))
        waiting = self._waiting_for_owner()
        waiting._sudo_waive()
        accepted = waiting._sudo_set_state(
            "received", ("review",), "message.accepted", reason=reason.strip()
        )
        accepted.issue_id.sudo()._settle()
        self.env.cr.postcommit.add(accepted.lane_id.with_env(self.env(su=True))._wake)

    def _waiting_for_owner(self):
        found = self.filtered(lambda one: (one.state, one.error_code) == ("review", "not_owner"))
        if not found:
            raise UserError(
                self.env._("Only updates that wait because of their owner are accepted so.")
            )
        return found

    def _require_owner_of_matrix(self):
        """Who may change the matrix may also make an exception."""
        self.check_access("read")
        if not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only integration managers may do this."))

    def _sudo_waive(self):
        """The ledger is nobody's to write; users come here through the checked button."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE hc_message SET owner_waived = true WHERE id = ANY(%s)", [self.ids]
        )
        self.invalidate_recordset(["owner_waived"])
