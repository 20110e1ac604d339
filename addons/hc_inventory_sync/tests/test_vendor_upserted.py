# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.healthcare_integration_base.tests.common import EngineCase, HandlerCase

VENDOR = "vendor.upserted.v1"


class VendorCase(EngineCase):
    """A purchasing system that is the master of vendors."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.make_system("vendors")
        cls.kind = cls.env.ref("hc_inventory_sync.message_type_vendor_upserted_v1")
        cls.channel = cls.make_channel(cls.system, cls.kind)

    def vendor(self, code="V-1", **values):
        return {"vendor": {"value": code}, "name": f"Vendor {code}", "approved": True, **values}

    def upsert(self, code="V-1", **values):
        attributes = {"time": values.pop("time")} if "time" in values else {}
        return self.send(
            self.channel, self.event(self.vendor(code, **values), VENDOR, **attributes)
        )

    def partner(self, message):
        (effect,) = message.effect_ids
        return self.env["res.partner"].browse(effect.res_id)


class TestVendorHandler(HandlerCase, VendorCase):
    event_type = VENDOR
    poison = {"vendor": {"value": "V-9"}, "name": "N", "approved": True, "approved_until": 5}

    def valid(self, number):
        return self.vendor(f"V-{number}")

    def needs_person(self):
        for number in (1, 2):
            self.env["res.partner"].create({"name": f"Twin {number}", "vat": "TWIN-1"})
        return self.vendor("V-88", vat="TWIN-1")

    def broken(self):
        return self.vendor(approved="perhaps")


class TestVendorUpserted(VendorCase):
    def test_a_new_vendor(self):
        message = self.upsert(
            phone="+43 1 5550100",
            email="orders@vendor.example",
            address="Main Street 1, Vienna",
            approved_until="2027-12-31",
        )
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        partner = self.partner(message)
        self.assertEqual((partner.name, partner.email), ("Vendor V-1", "orders@vendor.example"))
        self.assertTrue(partner.is_company and partner.supplier_rank)
        self.assertEqual(partner.hc_vendor_approved_until.isoformat(), "2027-12-31")
        self.assertTrue(partner._hc_is_approved())

    def test_approval_is_taken_away(self):
        message = self.upsert(time="2026-11-20T10:00:00Z")
        self.upsert(approved=False, time="2026-11-20T11:00:00Z")
        late = self.upsert(time="2026-11-20T10:30:00Z")
        self.drain()
        self.assertFalse(self.partner(message)._hc_is_approved())
        self.assertEqual(late.state, "superseded")

    def test_recognised_by_vat(self):
        partner = self.env["res.partner"].create({"name": "Old name", "vat": "X-4711"})
        message = self.upsert(vat="X-4711")
        self.drain()
        self.assertEqual(self.partner(message), partner)
        self.assertEqual(partner.name, "Vendor V-1")
