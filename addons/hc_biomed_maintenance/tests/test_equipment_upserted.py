# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from .common import UPSERTED, BiomedCase

LABEL = "(01)04012345678901(21)SN-9"


class TestEquipmentUpserted(BiomedCase):
    def upsert(self, code="EQ-1", **values):
        attributes = {"time": values.pop("time")} if "time" in values else {}
        data = {"equipment": {"value": code}, **values}
        return self.send(self.channel, self.event(data, UPSERTED, **attributes))

    def equipment(self, message):
        (effect,) = message.effect_ids
        return self.env["maintenance.equipment"].browse(effect.res_id)

    def test_a_new_device(self):
        message = self.upsert(
            name="Pump 9",
            serial="SN-9",
            model="P-100",
            manufacturer="Example",
            udi=LABEL,
            location="ICU-1",
            criticality="life_support",
            acquired_on="2024-03-01",
            software="3.2",
            status="active",
        )
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        device = self.equipment(message)
        self.assertEqual((device.name, device.serial_no, device.model), ("Pump 9", "SN-9", "P-100"))
        self.assertEqual((device.hc_udi, device.hc_udi_di), (LABEL, "04012345678901"))
        self.assertEqual((device.hc_criticality, device.hc_location), ("life_support", "ICU-1"))
        self.assertEqual(device.effective_date.isoformat(), "2024-03-01")
        self.assertEqual(device.company_id, self.company)
        self.assertEqual(device._hc_messages(), message)
        self.tell(device="EQ-1")
        self.drain()
        self.assertEqual(len(self.requests(device)), 1)

    def test_only_a_code(self):
        message = self.upsert("345675")
        self.drain()
        self.assertEqual(self.equipment(message).name, "345675")

    def test_what_is_left_out_stays(self):
        self.upsert(name="Pump 9", serial="SN-9", location="ICU-1")
        self.drain()
        message = self.upsert(location="ER")
        self.drain()
        device = self.equipment(message)
        self.assertEqual(
            (device.name, device.serial_no, device.hc_location), ("Pump 9", "SN-9", "ER")
        )

    def test_newest_wins(self):
        new = self.upsert(name="New", time="2026-11-20T10:00:00Z")
        old = self.upsert(name="Old", time="2026-11-20T09:00:00Z")
        self.drain()
        self.assertEqual((old.state, old.superseded_by_id), ("superseded", new))
        self.assertEqual(self.equipment(old).name, "New")
        newer = self.upsert(name="Newer", time="2026-11-20T11:00:00Z")
        self.drain()
        self.assertEqual(self.equipment(newer).name, "Newer")

    def test_back_and_forth_is_no_duplicate(self):
        for name in ("A", "B", "A"):
            message = self.upsert(name=name)
            self.drain()
            self.assertEqual(message.state, "done", name)
        self.assertEqual(self.equipment(message).name, "A")
        self.assertEqual(self.equipment(message).hc_revision, 3)

    def test_recognised_by_its_numbers(self):
        self.pump.write({"serial_no": "SN-1", "model": "P-100"})
        same = self.upsert("OTHER-1", serial="SN-1", model="p-100", manufacturer="Example")
        other = self.upsert("OTHER-2", serial="SN-1", model="Q-7")
        labelled = self.upsert("OTHER-3", udi=LABEL)
        again = self.upsert("OTHER-4", udi=LABEL, name="Label")
        self.drain()
        self.assertEqual(self.equipment(same), self.pump)
        self.assertNotEqual(self.equipment(other), self.pump)
        self.assertEqual(self.equipment(labelled).serial_no, "SN-9")
        self.assertEqual(self.equipment(again), self.equipment(labelled))
        codes = self.env["hc.identifier"].search([("value", "like", "OTHER-")])
        self.assertEqual(len(codes), 4)

    def test_a_label_without_serial_number_tells_nothing_apart(self):
        label = "(01)04012345678901"
        first, second = self.upsert("EQ-A", udi=label), self.upsert("EQ-B", udi=label)
        self.drain()
        self.assertNotEqual(self.equipment(first), self.equipment(second))

    def test_the_serial_number_of_another_device(self):
        self.vent.write({"serial_no": "SN-V", "model": "V"})
        message = self.upsert("PUMP", serial="SN-V", model="V")
        self.drain()
        self.assertReview(message, "equipment_ambiguous")

    def test_twins_need_a_person(self):
        first, _second = (self.make_device(name, serial_no="TWIN") for name in "AB")
        message = self.upsert("EQ-TWIN", serial="TWIN")
        self.drain()
        self.assertReview(message, "equipment_ambiguous")
        self.map_code("EQ-TWIN", first)
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertEqual(self.equipment(message), first)

    def test_site(self):
        facility = self.env["hc.site"].create(
            {"name": "Main", "system_id": self.system.id, "facility_code": "MAIN"}
        )
        message = self.upsert(facility="MAIN", location="ATTIC")
        self.drain()
        device = self.equipment(message)
        self.assertEqual((device.hc_site_id, device.hc_location), (facility, "ATTIC"))

    def test_a_device_that_changes_hands_needs_a_person(self):
        north = self.env["res.company"].create({"name": "North"})
        self.env["hc.site"].create(
            {
                "name": "North",
                "system_id": self.system.id,
                "facility_code": "NORTH",
                "company_id": north.id,
            }
        )
        fresh = self.upsert("EQ-N", facility="NORTH", name="Northern")
        moved = self.upsert("PUMP", facility="NORTH")
        self.drain()
        self.drain()
        self.assertEqual(self.equipment(fresh).company_id, north)
        self.assertReview(moved, "equipment_elsewhere")
        self.pump.write({"maintenance_team_id": False, "company_id": north.id})
        moved.issue_id.action_retry()
        self.drain()
        self.assertEqual(moved.state, "done", moved.error_code)

    def test_an_alarm_that_came_first(self):
        alarm = self.tell(device="EQ-1")
        self.drain()
        self.assertReview(alarm, "unknown_equipment")
        self.upsert(name="Late registered")
        self.drain()
        self.drain()
        self.assertEqual(alarm.state, "done", alarm.error_code)
