# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.healthcare_integration_base.tests.common import EngineCase, HandlerCase

ITEM = "item.upserted.v1"


class ItemCase(EngineCase):
    """A purchasing system that is the master of items."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.make_system("catalog")
        cls.kind = cls.env.ref("hc_inventory_sync.message_type_item_upserted_v1")
        cls.channel = cls.make_channel(cls.system, cls.kind)
        cls.category = cls.env["product.category"].create({"name": "Catalog goods"})

    def item(self, code="I-1", **values):
        return {
            "item": {"value": code},
            "name": f"Item {code}",
            "uom": "{each}",
            "tracking": "none",
            "active": True,
            **values,
        }

    def upsert(self, code="I-1", **values):
        attributes = {"time": values.pop("time")} if "time" in values else {}
        return self.send(self.channel, self.event(self.item(code, **values), ITEM, **attributes))

    def product(self, message):
        (effect,) = message.effect_ids
        return self.env["product.product"].browse(effect.res_id)


class TestItemHandler(HandlerCase, ItemCase):
    event_type = ITEM
    poison = {"item": {"value": "I-9"}, "name": "N", "identifiers": 5, "uom": "{each}"}

    def valid(self, number):
        return self.item(f"I-{number}")

    def needs_person(self):
        return self.item("I-88", uom="FURLONG")

    def broken(self):
        return self.item(tracking="sometimes")


class TestItemUpserted(ItemCase):
    def test_a_new_item(self):
        gtin = {"system": "gtin", "value": "04012345678901"}
        message = self.upsert(
            category="Catalog goods",
            tracking="lot",
            expiry_tracked=True,
            identifiers=[gtin, {"system": "manufacturer", "value": "M-1"}],
            criticality="high",
        )
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        product = self.product(message)
        self.assertEqual((product.name, product.tracking), ("Item I-1", "lot"))
        self.assertTrue(product.is_storable and product.use_expiration_date)
        self.assertEqual(product.categ_id, self.category)
        self.assertEqual((product.barcode, product.hc_criticality), (gtin["value"], "high"))
        codes = self.env["hc.identifier"].search(
            [("system_id", "=", self.system.id), ("namespace", "=", "item")]
        )
        self.assertEqual(set(codes.mapped("value")), {"I-1", gtin["value"], "M-1"})
        self.assertEqual(set(codes.mapped("res_id")), {product.id})

    def test_newest_wins_whatever_the_order(self):
        new = self.upsert(name="New", time="2026-11-20T10:00:00Z")
        old = self.upsert(name="Old", time="2026-11-20T09:00:00Z")
        self.drain()
        self.assertEqual((new.state, old.state), ("done", "superseded"))
        self.assertEqual(self.product(new).name, "New")
        newest = self.upsert(name="Newest", time="2026-11-20T11:00:00Z")
        self.drain()
        self.assertEqual(self.product(newest), self.product(new))
        self.assertEqual(self.product(new).name, "Newest")

    def test_back_to_what_it_was_is_a_change(self):
        for number, name in enumerate(["A", "B", "A"]):
            message = self.upsert(name=name, time=f"2026-11-20T1{number}:00:00Z")
        self.drain()
        self.assertEqual((message.state, self.product(message).name), ("done", "A"))

    def test_the_same_again_the_next_night(self):
        first = self.upsert(time="2026-11-20T10:00:00Z", identifiers=[GTIN])
        again = self.upsert(time="2026-11-21T10:00:00Z", identifiers=[GTIN])
        self.drain()
        self.assertEqual((again.state, again.duplicate_of_id), ("duplicate", first))
        late = self.upsert(name="Late", time="2026-11-20T12:00:00Z")
        self.drain()
        self.assertEqual(late.state, "superseded")

    def test_recognised_by_barcode(self):
        product = self.env["product.product"].create(
            {"name": "Gauze", "barcode": GTIN["value"], "is_storable": True}
        )
        message = self.upsert(identifiers=[GTIN])
        self.drain()
        self.assertEqual(self.product(message), product)
        self.assertEqual(product.name, "Item I-1")

    def test_codes_of_two_products(self):
        self.upsert("I-1")
        self.upsert("I-2")
        message = self.upsert("I-1", identifiers=[{"value": "I-2"}])
        self.drain()
        self.assertEqual((message.state, message.error_code), ("review", "item_ambiguous"))

    def test_item_goes_out_of_use_and_comes_back(self):
        message = self.upsert(time="2026-11-20T10:00:00Z")
        self.upsert(active=False, time="2026-11-20T11:00:00Z")
        self.drain()
        self.assertFalse(self.product(message).active)
        self.upsert(time="2026-11-20T12:00:00Z")
        self.drain()
        self.assertTrue(self.product(message).active)

    def test_what_is_not_known_but_not_needed_is_told(self):
        message = self.upsert(category="Unheard", purchase_uom="CRATE")
        self.drain()
        self.assertEqual(message.state, "done")
        issues = self.env["hc.issue"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual(set(issues.mapped("error_code")), {"unknown_category", "unknown_unit"})

    def test_unit_is_mapped_and_the_message_goes_on(self):
        message = self.upsert(uom="STK")
        self.drain()
        self.assertEqual((message.state, message.error_code), ("review", "unknown_unit"))
        self.env["hc.identifier"].create(
            {
                "system_id": self.system.id,
                "namespace": "uom",
                "value": "STK",
                "res_id": self.env.ref("uom.product_uom_unit").id,
            }
        )
        self.drain()
        self.assertEqual(message.state, "done")

    def test_rights_of_the_system(self):
        user = self.system.user_id
        self.assertIn(self.env.ref("hc_inventory_sync.group_master_system"), user.group_ids)
        for name in ("stock.move", "stock.quant", "purchase.order", "account.move"):
            self.assertFalse(self.env[name].with_user(user).has_access("create"), name)
        self.assertFalse(self.env["product.product"].with_user(user).has_access("unlink"))


GTIN = {"system": "gtin", "value": "04012345678901"}
