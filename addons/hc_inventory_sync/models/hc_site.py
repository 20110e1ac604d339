# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcSite(models.Model):
    _inherit = "hc.site"

    warehouse_id = fields.Many2one(
        "stock.warehouse",
        compute="_compute_warehouse_id",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id)]",
    )
    location_id = fields.Many2one(
        "stock.location",
        string="Ward stock",
        domain="[('usage', '=', 'internal'), ('company_id', 'in', (False, company_id))]",
        help="Where the stock is taken from that is used here. On a facility: for messages "
        "that name no location.",
    )
    consumption_location_id = fields.Many2one(
        "stock.location",
        string="Place of use",
        domain="[('usage', 'in', ('production', 'inventory', 'customer')),"
        " ('company_id', 'in', (False, company_id))]",
        help="Where used stock goes to, unless the message names a cost center with a place "
        "of its own. Empty: that of the facility, then that of the warehouse.",
    )
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        string="Analytic account",
        domain="[('company_id', 'in', (False, company_id))]",
        help="Bears what is used here, unless the message names a cost center.",
    )

    @api.depends("location_id", "parent_id")
    def _compute_warehouse_id(self):
        """Follows the ward's stock, or the facility, where it is not set."""
        for site in self:
            found = site.location_id.warehouse_id or site.parent_id.warehouse_id
            site.warehouse_id = site.warehouse_id or found

    def _wire_silent_fields(self):
        names = {"warehouse_id", "location_id", "consumption_location_id", "analytic_account_id"}
        return super()._wire_silent_fields() | names
