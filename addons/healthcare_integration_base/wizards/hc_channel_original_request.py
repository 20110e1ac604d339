# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.exceptions import UserError


class HcChannelOriginalRequest(models.TransientModel):
    """Asks for how long a channel is to keep originals, and why."""

    _name = "hc.channel.original.request"
    _description = "Keep a Sealed Original"

    channel_id = fields.Many2one("hc.channel", required=True, readonly=True, ondelete="cascade")
    hours = fields.Integer("Keep for (hours)", default=24, required=True)
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Button: ask the privacy officers to agree."""
        self.ensure_one()
        self.check_access("write")
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why."))
        self.channel_id._request_original(self.hours, reason)
        return {"type": "ir.actions.act_window_close"}
