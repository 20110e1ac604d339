# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.exceptions import UserError


class HcOriginalAsk(models.TransientModel):
    """Asks why a sealed original has to be opened."""

    _name = "hc.original.ask"
    _description = "Ask for a Sealed Original"

    message_id = fields.Many2one("hc.message", required=True, readonly=True, ondelete="cascade")
    reason = fields.Text(required=True, help="Why it has to be seen. No name of a person.")
    is_emergency = fields.Boolean(
        "Emergency: it cannot wait",
        help="It opens at once, and all privacy officers are told.",
    )

    def action_confirm(self):
        """Button: ask, or break the glass."""
        self.ensure_one()
        self.check_access("write")
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why it has to be seen."))
        access = self.env["hc.original.access"]._request(self.message_id, reason, self.is_emergency)
        return {
            "type": "ir.actions.act_window",
            "name": access.name,
            "res_model": access._name,
            "res_id": access.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
