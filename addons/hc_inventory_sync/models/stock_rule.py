# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class StockRule(models.Model):
    _inherit = "stock.rule"

    @api.model
    def _get_matching_supplier(self, product_id, product_qty, product_uom, company_id, values):
        """Nor is one that stands on an orderpoint since before it lost its approval."""
        seller = super()._get_matching_supplier(
            product_id, product_qty, product_uom, company_id, values
        )
        if seller and not seller.partner_id._hc_is_approved():
            return self.env["product.supplierinfo"]
        return seller
