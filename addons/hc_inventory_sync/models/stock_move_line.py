# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    def _synchronize_quant(self, quantity, location, action="available", **values):
        """What is posted as a fact has reserved nothing that could be given back."""
        if action == "reserved" and self.move_id.hc_posted:
            return 0, False
        return super()._synchronize_quant(quantity, location, action=action, **values)
