# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime

from odoo import Command
from odoo.tests import freeze_time

from .common import BiomedCase

# A Friday, half past two.
FRIDAY = datetime(2026, 11, 20, 14, 30)


class TestTriage(BiomedCase):
    def test_rules_that_come_with_the_addon(self):
        table = (
            # device, priority, code; rule, or none for those that are listed only
            ("PUMP", "high", "X", "triage_high"),
            ("PUMP", "medium", "X", "triage_medium"),
            ("PUMP", "low", "X", None),
            ("PUMP", "advisory", "X", None),
            ("MONITOR", "low", "X", "triage_low_critical"),
            ("VENT", "low", "X", "triage_life_support"),
            ("VENT", "advisory", "X", None),
            ("PUMP", "low", "staff.battery", "triage_staff"),
            ("PUMP", "high", "staff.battery", "triage_staff_high"),
        )
        for number, (device, priority, code, _rule) in enumerate(table):
            self.tell(f"A{number}", device, priority=priority, code=f"{code}{number}")
        self.drain()
        for number, (_device, _priority, code, rule) in enumerate(table):
            alarm = self.env["hc.device.alarm"].search([("number", "=", f"A{number}")])
            expected = self.env.ref(f"hc_biomed_maintenance.{rule}") if rule else False
            self.assertEqual(alarm.code, f"{code}{number}")
            self.assertEqual(alarm.request_id.hc_rule_id or False, expected, table[number])

    def test_conditions(self):
        category = self.env["maintenance.equipment.category"].create({"name": "Pumps"})
        other = self.env["maintenance.team"].create(
            {"name": "Pumps", "company_id": self.company.id}
        )
        rules = self.env["hc.triage.rule"]
        rules.create(
            {
                "name": "Own team",
                "sequence": 1,
                "code": "MDC_EVT_BATT",
                "code_match": "prefix",
                "category_ids": [Command.link(category.id)],
                "team_id": other.id,
                "request_priority": "3",
                "maintenance_type": "preventive",
            }
        )
        rules.create({"name": "Lamp test", "sequence": 2, "code": "LAMP", "outcome": "ignore"})
        self.pump.category_id = category
        ignored = self.tell("A0", code="LAMP")
        self.tell("A1")
        self.tell("A2", "MONITOR")
        self.drain()
        self.assertEqual(ignored.state, "done")
        self.assertFalse(ignored.effect_ids)
        pump, monitor = self.requests(self.pump), self.requests(self.monitor)
        self.assertEqual((pump.maintenance_team_id, pump.priority), (other, "3"))
        self.assertEqual(pump.maintenance_type, "preventive")
        self.assertEqual(monitor.maintenance_team_id, self.team)

    def test_an_alarm_that_grows_worse_becomes_work(self):
        self.tell(priority="low")
        self.drain()
        self.assertFalse(self.requests())
        self.tell(phase="update", minutes=-50, priority="high")
        self.drain()
        (request,) = self.requests()
        self.assertEqual(request.hc_first_alarm_at, request.hc_alarm_ids.first_at)
        self.assertEqual(request.hc_alarm_ids.priority, "high")

    def test_deadlines_by_criticality_on_the_working_calendar(self):
        with freeze_time(FRIDAY):
            self.now = FRIDAY
            for number, device in enumerate(("PUMP", "MONITOR", "VENT")):
                self.tell(f"A{number}", device, minutes=0)
            self.drain()
        deadlines = {
            device: (request.hc_acknowledge_by, request.hc_deadline)
            for device in (self.pump, self.monitor, self.vent)
            for request in self.requests(device)
        }
        # Friday has an hour and a half left; Monday begins at eight.
        self.assertEqual(deadlines[self.vent][0], datetime(2026, 11, 20, 14, 45))
        self.assertEqual(deadlines[self.vent][1], datetime(2026, 11, 23, 8, 30))
        self.assertEqual(deadlines[self.monitor][0], datetime(2026, 11, 20, 15, 30))
        self.assertEqual(deadlines[self.monitor][1], datetime(2026, 11, 23, 14, 30))
        self.assertEqual(deadlines[self.pump][0], datetime(2026, 11, 23, 14, 30))
        self.assertEqual(deadlines[self.pump][1], datetime(2026, 11, 25, 14, 30))

    def test_holidays_are_no_working_time(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.calendar.id,
                "date_from": datetime(2026, 11, 23),
                "date_to": datetime(2026, 11, 23, 23, 59),
            }
        )
        with freeze_time(FRIDAY):
            self.now = FRIDAY
            self.tell(device="VENT", minutes=0)
            self.drain()
        self.assertEqual(self.requests().hc_deadline, datetime(2026, 11, 24, 8, 30))
