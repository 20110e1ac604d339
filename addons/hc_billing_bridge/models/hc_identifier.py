# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcIdentifier(models.Model):
    _inherit = "hc.identifier"

    @api.model
    def _namespace_models(self):
        """Where another addon has cost centers of its own, these are meant."""
        return {
            "cost_center": "account.analytic.account",
            **super()._namespace_models(),
            "service": "product.product",
            "uom": "uom.uom",
        }
