# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command, fields

from .common import SupplyCase


class TestReplenish(SupplyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls.env["res.partner"].create({"name": "Approved Supplies"})
        cls.cheap = cls.env["res.partner"].create(
            {"name": "Cheap Supplies", "hc_vendor_approved": False}
        )
        cls.glove.seller_ids = [
            Command.create({"partner_id": cls.cheap.id, "price": 0.5, "sequence": 1}),
            Command.create({"partner_id": cls.vendor.id, "price": 1.5, "sequence": 2}),
        ]
        cls.par(cls.glove, cls.icu, 95, 100)
        cls.central = cls.warehouse.lot_stock_id

    @classmethod
    def par(cls, product, location, minimum, maximum):
        return cls.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": product.id,
                "location_id": location.id,
                "warehouse_id": cls.warehouse.id,
                "product_min_qty": minimum,
                "product_max_qty": maximum,
                "trigger": "auto",
            }
        )

    def transfers(self):
        return self.env["stock.move"].search(
            [("location_id", "=", self.central.id), ("location_dest_id", "=", self.icu.id)]
        )

    def orders(self):
        return self.env["purchase.order.line"].search([("product_id", "=", self.glove.id)])

    def test_ward_from_the_central_store(self):
        self.stock(self.glove, self.central, 500)
        message = self.consume(self.line(quantity=10))
        self.drain()
        self.follow_up()
        transfer = self.transfers()
        self.assertEqual((transfer.product_uom_qty, transfer.state), (10, "assigned"))
        self.assertEqual(transfer.hc_trigger_move_ids, self.moves(message))
        self.assertEqual(transfer.picking_id.action_hc_messages()["domain"][0][2], message.ids)
        self.assertFalse(self.orders())
        self.assertFalse(self.env["hc.dirty.key"].search_count([]))

    def test_above_the_minimum_nothing_is_moved(self):
        self.stock(self.glove, self.central, 500)
        self.consume(self.line(quantity=5))
        self.drain()
        self.follow_up()
        self.assertFalse(self.transfers())

    def test_purchase_from_the_approved_vendor(self):
        self.par(self.glove, self.central, 50, 200)
        self.stock(self.glove, self.central, 55)
        first = self.consume(self.line(quantity=4))
        second = self.consume(self.line(quantity=6))
        self.drain()
        self.follow_up()
        line = self.orders()
        self.assertEqual(line.partner_id, self.vendor)
        self.assertEqual(line.product_qty, 200 - 45)
        self.assertEqual(line.order_id.state, "draft")
        self.assertEqual(line.hc_message_count, 2)
        self.assertEqual(line._hc_messages(), first + second)
        self.assertEqual(len(line.order_id.activity_ids), 1)
        self.assertEqual(line.order_id.activity_ids.user_id, self.env.ref("base.user_admin"))
        self.consume(self.line(quantity=160))
        self.drain()
        self.follow_up()
        self.assertEqual(len(self.orders()), 1)
        self.assertEqual(line.product_qty, 155 + 200 - 40)
        self.assertEqual(line.hc_message_count, 3)
        self.assertEqual(len(line.order_id.activity_ids), 1)

    def test_no_approved_vendor_is_told_once(self):
        self.vendor.hc_vendor_approved_until = fields.Date.subtract(fields.Date.today(), days=1)
        self.par(self.glove, self.central, 50, 200)
        for _time in range(2):
            self.consume(self.line(quantity=10))
            self.drain()
            self.follow_up()
        self.assertFalse(self.orders())
        told = self.glove.activity_ids.filtered(
            lambda one: one.user_id == self.warehouse.hc_supply_user_id
        )
        self.assertEqual(len(told), 1)

    def test_empty_store_that_buys_nothing_is_told(self):
        self.consume(self.line(quantity=10))
        self.drain()
        self.follow_up()
        self.assertEqual(self.transfers().state, "confirmed")
        self.assertEqual(len(self.glove.activity_ids), 1)
        self.assertIn("Intensive Care", self.glove.activity_ids.summary)

    def test_other_wards_are_left_alone(self):
        er = self.par(self.glove, self.er, 200, 300)
        self.stock(self.glove, self.central, 500)
        self.consume(self.line(quantity=10))
        self.drain()
        self.follow_up()
        self.assertFalse(self.env["stock.move"].search([("orderpoint_id", "=", er.id)]))
