# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcChargeCancel(models.TransientModel):
    """Why charges are given up."""

    _name = "hc.charge.cancel"
    _description = "Cancel Charges"

    charge_ids = fields.Many2many("hc.charge", required=True, readonly=True)
    reason = fields.Char(required=True, help="Why it is not billed. No personal data.")

    def action_confirm(self):
        """Button: give them up."""
        self.ensure_one()
        self.charge_ids._cancel(self.reason)
