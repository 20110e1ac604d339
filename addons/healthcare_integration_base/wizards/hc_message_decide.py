# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcMessageDecide(models.TransientModel):
    """Asks why messages are given up."""

    _name = "hc.message.decide"
    _description = "Give Messages Up"

    decision = fields.Selection(
        [("skipped", "Handled elsewhere"), ("cancelled", "Cancelled")],
        required=True,
        default="cancelled",
    )
    message_ids = fields.Many2many("hc.message", string="Messages", required=True)
    message_count = fields.Integer("Number of messages", compute="_compute_message_count")
    reason = fields.Char(help="Kept with the messages and in the audit trail.")

    @api.depends("message_ids")
    def _compute_message_count(self):
        for wizard in self:
            wizard.message_count = len(wizard.message_ids)

    def action_apply(self):
        """Button: give them up."""
        self.check_access("write")
        for wizard in self:
            wizard.message_ids._give_up(wizard.decision, wizard.reason)
        return {"type": "ir.actions.act_window_close"}
