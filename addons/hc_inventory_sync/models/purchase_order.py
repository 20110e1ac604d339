# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

from ..supply.ordering import Ordered
from .hc_channel import ORDERED


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "hc.traced.mixin"]

    hc_revision = fields.Integer(
        "Confirmations",
        readonly=True,
        copy=False,
        help="How often the order was confirmed; the number goes to the receivers of orders.",
    )

    def _hc_traced(self):
        return self.order_line._hc_traced()

    def button_approve(self, force=False):
        """What is ordered is told to the systems that take orders, with the confirmation or
        not at all."""
        before = self.filtered(lambda order: order.state != "purchase")
        result = super().button_approve(force=force)
        for order in before.filtered(lambda order: order.state == "purchase"):
            order._sudo_count_confirmation()
            order._hc_send_ordered()
        return result

    def _sudo_count_confirmation(self):
        """The number is nobody's to write, also not of who confirms."""
        self.sudo().hc_revision += 1

    def _hc_send_ordered(self):
        self.ensure_one()
        self.env["hc.outbox"]._send(
            ORDERED,
            Ordered(self).data,
            company=self.company_id,
            key=f"purchase.order/{self.id}/{self.hc_revision}",
            subject=self.name,
        )
