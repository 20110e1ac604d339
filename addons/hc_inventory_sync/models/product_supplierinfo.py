# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class ProductSupplierinfo(models.Model):
    _inherit = "product.supplierinfo"

    def _get_filtered_supplier(self, company_id, product_id, params=False):
        """A vendor that is not approved is not chosen, however cheap."""
        sellers = super()._get_filtered_supplier(company_id, product_id, params)
        return sellers.filtered(lambda seller: seller.partner_id._hc_is_approved())
