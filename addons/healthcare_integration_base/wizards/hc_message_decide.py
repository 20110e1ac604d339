# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcMessageDecide(models.TransientModel):
    """Asks why messages are given up, or an update of data of another system is accepted."""

    _name = "hc.message.decide"
    _description = "Give Messages Up"

    decision = fields.Selection(
        [
            ("skipped", "Handled elsewhere"),
            ("cancelled", "Cancelled"),
            ("accepted", "Accepted although not the owner's"),
        ],
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
        """Button: do as decided."""
        self.check_access("write")
        for wizard in self:
            if wizard.decision == "accepted":
                wizard.message_ids._accept_update(wizard.reason)
                continue
            wizard.message_ids._give_up(wizard.decision, wizard.reason)
        return {"type": "ir.actions.act_window_close"}
