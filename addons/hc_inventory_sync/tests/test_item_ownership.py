# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from .test_item_upserted import ITEM, ItemCase


class TestItemOwnership(ItemCase):
    """The purchasing system is the master of items, the cabinet of some of their fields."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cabinet = cls.make_system("item-cabinet")
        cls.cabinet_channel = cls.make_channel(cls.cabinet, cls.kind)
        cls.domain = cls.env.ref("hc_inventory_sync.domain_item")

    def own(self, system, on_other="ignore", **values):
        return self.env["hc.ownership"].create(
            {
                "domain_id": self.domain.id,
                "system_id": system.id,
                "on_other": on_other,
                **values,
            }
        )

    def from_cabinet(self, code="C-1", **values):
        """What the cabinet says about the item, by its own code and the same barcode."""
        event = self.event(self.item(code, **values), ITEM)
        message = self.send(self.cabinet_channel, event)
        self.drain()
        return message

    def known(self, **values):
        gtin = [{"system": "gtin", "value": "04012345678901"}]
        first = self.upsert(identifiers=gtin, **values)
        self.drain()
        self.assertEqual(first.state, "done", first.error_code)
        return self.product(first), gtin

    def test_a_field_of_another_stays(self):
        product, gtin = self.known()
        self.own(self.system, field_name="name")
        message = self.from_cabinet(identifiers=gtin, name="Theirs", criticality="high")
        self.assertEqual((message.state, message.error_code), ("done", "fields_not_owned"))
        self.assertEqual(message.error_detail, "/name")
        self.assertEqual((product.name, product.hc_criticality), ("Item I-1", "high"))

    def test_the_owner_of_the_field_changes_it(self):
        product, gtin = self.known()
        self.own(self.system, field_name="name")
        self.upsert(identifiers=gtin, name="Ours")
        self.drain()
        self.assertEqual(product.name, "Ours")

    def test_who_owns_one_field_changes_no_other(self):
        product, gtin = self.known()
        self.own(self.system, "refuse")
        self.own(self.cabinet, field_name="criticality")
        message = self.from_cabinet(identifiers=gtin, name="Theirs", criticality="high")
        self.assertEqual((message.state, message.error_code), ("done", "fields_not_owned"))
        self.assertEqual((product.name, product.hc_criticality), ("Item I-1", "high"))
        new = self.from_cabinet("C-2", criticality="high")
        self.assertEqual((new.state, new.error_code), ("rejected", "not_owner"))
        self.assertFalse(new.effect_ids)

    def test_a_new_item_begins_with_all_that_is_said(self):
        self.own(self.system, field_name="name")
        message = self.from_cabinet("C-3", name="Theirs")
        self.assertEqual(self.product(message).name, "Theirs")

    def test_the_master_of_the_vendors_is_not_asked(self):
        vendors = self.env.ref("hc_inventory_sync.domain_vendor")
        self.own(self.system, "refuse", domain_id=vendors.id)
        self.assertEqual(self.from_cabinet("C-4").state, "done")
