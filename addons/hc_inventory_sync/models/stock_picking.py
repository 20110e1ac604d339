# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "hc.traced.mixin"]

    def _hc_traced(self):
        return self.move_ids._hc_traced()
