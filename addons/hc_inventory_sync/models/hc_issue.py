# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models

from odoo.addons.healthcare_integration_base.messaging.units import gtin_forms


class HcIssue(models.Model):
    _inherit = "hc.issue"

    def _action_fix_record(self):
        """A lot that Odoo does not know: a new one of the right product."""
        if self.fix_namespace != "lot":
            return super()._action_fix_record()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Create the lot"),
            "res_model": "stock.lot",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_name": self.fix_value,
                "default_product_id": self._lot_product().id,
                "default_company_id": self.company_id.id,
            },
        }

    def _lot_product(self):
        """The product of the item code that stands before the lot."""
        code_system, _bar, value = (self.fix_code_system or "").partition("|")
        pairs = [(code_system, value)]
        ids = self.env["hc.identifier"]._resolve_many(self.system_id, "item", pairs)
        products = self.env["product.product"]
        if code_system == "gtin" and not ids:
            found = products.search([("barcode", "in", gtin_forms(value))], limit=2)
            return found if len(found) == 1 else products
        return products.browse(ids.get(pairs[0], ())).exists()

    @api.model
    def _supply_stamp(self, system_id, channel_id, fix):
        if fix.kind != "record" or fix.namespace != "lot":
            return super()._supply_stamp(system_id, channel_id, fix)
        return self._stamp_of("stock.lot", [("name", "=", fix.value)])
