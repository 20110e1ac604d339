# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from .common import UPSERTED, BiomedCase


class TestEquipmentOwnership(BiomedCase):
    """The register of one system, and a second one that knows where devices are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tracker = cls.make_system("tracker")
        kind = cls.env["hc.message.type"]._named(UPSERTED)
        cls.tracker_channel = cls.make_channel(cls.tracker, kind)
        cls.domain = cls.env.ref("hc_biomed_maintenance.domain_equipment")

    def tell_of(self, channel, code, **values):
        data = {"equipment": {"value": code}, "serial": "SN-71", **values}
        message = self.send(channel, self.event(data, UPSERTED))
        self.drain()
        return message

    def own(self, system, on_other="ignore", **values):
        self.env["hc.ownership"].create(
            {"domain_id": self.domain.id, "system_id": system.id, "on_other": on_other, **values}
        )

    def test_each_keeps_its_fields(self):
        first = self.tell_of(self.channel, "EQ-71", name="Pump", location="ICU-1", model="P-1")
        device = self.env["maintenance.equipment"].browse(first.effect_ids.res_id)
        self.own(self.system, "refuse")
        self.own(self.tracker, field_name="location")
        moved = self.tell_of(
            self.tracker_channel, "T-71", name="Tag 71", location="ER", model="P-1"
        )
        self.assertEqual((moved.state, moved.error_code), ("done", "fields_not_owned"))
        self.assertEqual((device.name, device.hc_location), ("Pump", "ER"))
        stays = self.tell_of(self.channel, "EQ-71", name="Pump 71", location="ICU-1", model="P-1")
        self.assertEqual(stays.error_detail, "/location")
        self.assertEqual((device.name, device.hc_location), ("Pump 71", "ER"))

    def test_no_device_is_made_by_another(self):
        self.own(self.system, "refuse")
        message = self.tell_of(self.tracker_channel, "T-72", location="ER")
        self.assertEqual((message.state, message.error_code), ("rejected", "not_owner"))
        self.own(self.tracker, field_name="location")
        message = self.tell_of(self.tracker_channel, "T-72", location="ER")
        self.assertEqual((message.state, message.error_code), ("rejected", "not_owner"))
        self.assertFalse(message.effect_ids)
