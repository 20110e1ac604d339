# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from uuid import uuid4

from odoo import api, fields, models

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
    hc_uuid = fields.Char(
        "Number for receivers",
        readonly=True,
        copy=False,
        help="Receivers know the order by it. After a restore of the database another order can "
        "get the same id, and the same name, but never this.",
    )

    _hc_uuid_uniq = models.UniqueIndex("(hc_uuid) WHERE hc_uuid IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["hc_uuid"] = str(uuid4())
        return super().create(vals_list)

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
        """The number is nobody's to write, also not of who confirms. Orders that are older
        than this addon get the one that receivers know them by now."""
        order = self.sudo()
        order.write(
            {
                "hc_revision": order.hc_revision + 1,
                "hc_uuid": order.hc_uuid or str(uuid4()),
            }
        )

    def _hc_send_ordered(self):
        self.ensure_one()
        self.env["hc.outbox"]._send(
            ORDERED,
            Ordered(self).data,
            company=self.company_id,
            key=f"purchase.order/{self.hc_uuid}/{self.hc_revision}",
            subject=self.name,
        )
