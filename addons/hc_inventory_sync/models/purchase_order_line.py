# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class PurchaseOrderLine(models.Model):
    _name = "purchase.order.line"
    _inherit = ["purchase.order.line", "hc.traced.mixin"]

    hc_trigger_move_ids = fields.Many2many(
        "stock.move",
        "hc_replenishment_purchase_rel",
        "purchase_line_id",
        "trigger_move_id",
        string="Made necessary by",
        readonly=True,
        copy=False,
        help="Moves of use after which this line was ordered or its quantity raised.",
    )

    def _hc_traced(self):
        return self.hc_trigger_move_ids
