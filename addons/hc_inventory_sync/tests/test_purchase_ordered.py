# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from uuid import uuid4

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.healthcare_integration_base.tests.outbound_common import OutboundCase
from odoo.addons.healthcare_integration_base.tests.receiver import Receiver

from .common import SupplyCase


@tagged("post_install", "-at_install")
class TestPurchaseOrdered(SupplyCase, OutboundCase):
    """A confirmed purchase order is told to who takes orders, with the confirmation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier = cls.make_system("wholesaler", kind="supplier")
        cls.endpoint = cls.make_endpoint(cls.supplier)
        cls.ordered = cls.env.ref("hc_inventory_sync.message_type_purchase_ordered_v1")
        cls.vendor = cls.env["res.partner"].create({"name": "Wholesaler"})
        cls.orders = cls.make_out_channel(
            cls.supplier,
            cls.endpoint,
            types=cls.ordered,
            vendor_ids=[Command.set(cls.vendor.ids)],
        )
        cls.env["hc.identifier"].create(
            [
                {
                    "system_id": cls.supplier.id,
                    "namespace": namespace,
                    "value": value,
                    "res_id": record.id,
                }
                for namespace, value, record in (
                    ("vendor", "V-100", cls.vendor),
                    ("item", "WS-GLOVE", cls.glove),
                    ("uom", "EA", cls.glove.uom_id),
                )
            ]
        )
        cls.buyer = new_test_user(
            cls.env, "hc.buyer", "base.group_user,purchase.group_purchase_user"
        )

    def order(self, vendor=None, **values):
        lines = [
            Command.create({"product_id": product.id, "product_qty": 20, "price_unit": 12.5})
            for product in (self.glove, self.gauze)
        ]
        return (
            self.env["purchase.order"]
            .with_user(self.buyer)
            .create(
                {
                    "partner_id": (vendor or self.vendor).id,
                    "order_line": [
                        *lines,
                        Command.create(
                            {"display_type": "line_note", "name": "CANARY", "product_qty": 0}
                        ),
                    ],
                    **values,
                }
            )
        )

    def sent(self, order):
        return self.env["hc.message"].search(
            [("message_type_id", "=", self.ordered.id), ("subject", "=", order.name)], order="id"
        )

    def test_told_with_the_confirmation(self):
        order = self.order(partner_ref="OFFER-1", note="CANARY note")
        self.assertFalse(self.sent(order))
        order.button_confirm()
        message = self.sent(order)
        self.assertEqual(message.state, "queued")
        self.assertEqual(message.channel_id, self.orders)
        data = message.payload
        self.assertEqual(data["order"], order.name)
        self.assertEqual(data["vendor"], {"system": "local", "value": "V-100"})
        self.assertEqual(data["vendor_reference"], "OFFER-1")
        first, second = data["lines"]
        self.assertEqual(first["item"], {"system": "local", "value": "WS-GLOVE"})
        self.assertEqual(first["quantity"], "20")
        self.assertEqual(first["uom"], "EA")
        self.assertEqual(first["price"], {"amount": "12.5", "currency": order.currency_id.name})
        self.assertEqual(second["item"], {"system": "gtin", "value": "00380740000011"})
        self.assertNotIn("CANARY", json.dumps(data))

    def test_delivered_once(self):
        order = self.order()
        order.button_confirm()
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.dispatch()
        self.assertEqual(self.sent(order).state, "done")
        (request,) = receiver.requests
        self.assertEqual(json.loads(request.body)["subject"], order.name)

    def test_not_told_of_what_did_not_happen(self):
        order = self.order()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            order.button_confirm()
            raise ZeroDivisionError
        self.assertFalse(self.sent(order))

    def test_confirmed_anew_is_another_revision(self):
        order = self.order()
        order.button_confirm()
        order.button_confirm()
        self.assertEqual(len(self.sent(order)), 1)
        order.button_cancel()
        order.button_draft()
        order.order_line[0].product_qty = 30
        order.button_confirm()
        first, second = self.sent(order)
        self.assertEqual((first.payload["revision"], second.payload["revision"]), (1, 2))
        self.assertEqual(second.payload["lines"][0]["quantity"], "30")
        self.assertEqual(first.ordering_key, second.ordering_key)

    def test_a_supplier_is_not_told_of_others(self):
        order = self.order(vendor=self.env["res.partner"].create({"name": "Competitor"}))
        order.button_confirm()
        self.assertFalse(self.sent(order))
        self.orders.sudo().state = "in_review"
        self.orders.vendor_ids = False
        with self.assertRaises(UserError):
            self.orders.action_activate()

    def test_who_waits_for_approval_has_not_ordered(self):
        self.env.company.write(
            {"po_double_validation": "two_step", "po_double_validation_amount": 1}
        )
        order = self.order()
        order.button_confirm()
        self.assertEqual(order.state, "to approve")
        self.assertFalse(self.sent(order))
        chief = new_test_user(
            self.env, "hc.chief.buyer", "base.group_user,purchase.group_purchase_manager"
        )
        order.with_user(chief).button_approve()
        self.assertEqual(len(self.sent(order)), 1)

    def test_an_address_of_the_vendor(self):
        contact = self.env["res.partner"].create({"name": "Desk", "parent_id": self.vendor.id})
        order = self.order(vendor=contact, date_planned=fields.Datetime.now())
        order.button_confirm()
        self.assertEqual(self.sent(order).payload["vendor"]["value"], "V-100")

    def test_another_order_of_the_same_id_is_another_order(self):
        """As after a restore to a point in time: the sequence of ids starts again from there."""
        order = self.order()
        order.button_confirm()
        first = self.sent(order)
        self.assertTrue(order.hc_uuid)
        self.assertNotEqual(order.copy().hc_uuid, order.hc_uuid)
        other = self.order()
        self.assertNotEqual(other.hc_uuid, order.hc_uuid)
        self.env.cr.execute(
            "UPDATE purchase_order SET hc_uuid = %s, hc_revision = 0, state = 'draft'"
            " WHERE id = %s",
            [str(uuid4()), order.id],
        )
        self.env.invalidate_all()
        order.button_confirm()
        again = self.sent(order) - first
        self.assertEqual(len(again), 1)
        self.assertEqual(again.payload["revision"], first.payload["revision"])
        self.assertNotEqual(again.uuid, first.uuid)
        self.assertNotIn(f"purchase.order/{order.id}/", again.message_identifier)

    def test_an_order_from_before_the_addon_gets_its_number_when_it_is_first_told(self):
        order = self.order()
        self.env.cr.execute("UPDATE purchase_order SET hc_uuid = NULL WHERE id = %s", [order.id])
        self.env.invalidate_all()
        order.button_confirm()
        self.assertTrue(order.hc_uuid)
        self.assertEqual(self.sent(order).message_identifier, f"purchase.order/{order.hc_uuid}/1")
