# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcCostCenter(models.Model):
    """Who bears a use: the place where used stock goes, and an analytic account.

    The code is the hospital's own, the same for all systems; a system that has other
    codes is mapped by identifiers of the namespace "cost_center".
    """

    _name = "hc.cost.center"
    _description = "Cost Center"
    _inherit = ["hc.governed.mixin"]
    _order = "code, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    code = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    location_id = fields.Many2one(
        "stock.location",
        string="Place of use",
        check_company=True,
        domain="[('usage', 'in', ('production', 'inventory', 'customer'))]",
        help="Empty: the place of use of the site.",
    )
    analytic_account_id = fields.Many2one("account.analytic.account", check_company=True)
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex(
        "(company_id, code)", "A cost center with this code exists already."
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for center in self:
            center.display_name = f"{center.code} {center.name}"
