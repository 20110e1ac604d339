# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

from ..models.hc_channel_pause import MODES


class HcChannelPause(models.TransientModel):
    """Asks how a channel is to be paused, and why."""

    _name = "hc.channel.pause"
    _description = "Pause a Channel"

    channel_id = fields.Many2one("hc.channel", required=True, readonly=True, ondelete="cascade")
    mode = fields.Selection(MODES, string="While paused", default="refuse", required=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Button: pause it."""
        self.ensure_one()
        self.check_access("write")
        self.channel_id._pause(self.mode, self.reason)
        return {"type": "ir.actions.act_window_close"}
