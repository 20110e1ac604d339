# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcWardSetupLine(models.TransientModel):
    """One ward of the set-up."""

    _name = "hc.ward.setup.line"
    _description = "Ward of the Set-up"

    setup_id = fields.Many2one("hc.ward.setup", required=True, ondelete="cascade")
    name = fields.Char(required=True)
    code = fields.Char(required=True, help="As the system writes it in its messages.")
    cost_center = fields.Char(help="Code of the cost center that bears what the ward uses.")
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        domain="[('company_id', 'in', (False, parent.company_id))]",
    )
