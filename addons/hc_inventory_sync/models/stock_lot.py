# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class StockLot(models.Model):
    _inherit = "stock.lot"

    @api.model_create_multi
    def create(self, vals_list):
        lots = super().create(vals_list)
        lots._hc_resume_waiting()
        return lots

    def write(self, vals):
        result = super().write(vals)
        if "name" in vals:
            self._hc_resume_waiting()
        return result

    def _hc_resume_waiting(self):
        """Messages that named a lot that was not there go on by themselves."""
        self.env["hc.issue"]._fixed_many(
            "record", [{"namespace": "lot", "value": lot.name} for lot in self]
        )
