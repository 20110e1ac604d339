# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    hc_charge_due_hours = fields.Integer(related="company_id.hc_charge_due_hours", readonly=False)
    hc_charge_owner_id = fields.Many2one(related="company_id.hc_charge_owner_id", readonly=False)
