# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command
from odoo.exceptions import AccessError, UserError

from .common import BiomedCase


class TestDeviceReport(BiomedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nurse = cls.env["res.users"].create(
            {
                "name": "Nurse",
                "login": "nurse",
                "group_ids": [
                    Command.set([cls.env.ref("hc_biomed_maintenance.group_biomed_reporter").id])
                ],
            }
        )

    def report(self, **values):
        return (
            self.env["hc.device.report"]
            .with_user(self.nurse)
            .create({"equipment_id": self.pump.id, "problem": "battery", **values})
        )

    def send_report(self, report):
        """Press the button, and have the system "Odoo" handled by the lane of the test."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            report.action_report()
        self.env.invalidate_all()
        channels = self.env["hc.channel"].search([("system_id.is_internal", "=", True)])
        self.env.cr.execute(
            "UPDATE hc_message SET lane_id = %s WHERE channel_id = ANY(%s)",
            [self.lane.id, channels.ids],
        )
        self.drain()
        return self.env["hc.message"].search([("channel_id", "in", channels.ids)])

    def test_what_a_ward_reports_is_work(self):
        report = self.report(urgency="high", remark=" the door  does not close ")
        message = self.send_report(report)
        self.assertTrue(report.is_sent)
        self.assertEqual(message.state, "done", message.error_code)
        (request,) = self.requests(self.pump)
        self.assertEqual((request.hc_cause, request.priority), ("staff.battery", "3"))
        self.assertEqual(request.name, "Pump: Battery or power")
        self.assertIn("the door does not close", request.description)
        self.assertEqual(request.hc_alarm_ids.problem, "the door does not close")

    def test_tapped_twice_is_entered_once(self):
        report = self.report()
        self.send_report(report)
        message = self.send_report(report)
        self.assertEqual(len(message), 1)
        self.assertEqual(self.requests(self.pump).hc_alarm_count, 1)

    def test_a_second_report_counts(self):
        self.send_report(self.report(remark="first"))
        self.send_report(self.report(remark="second"))
        (request,) = self.requests(self.pump)
        self.assertEqual(request.hc_alarm_count, 2)
        self.assertEqual(set(request.hc_alarm_ids.mapped("problem")), {"first", "second"})

    def test_asks_for_what_is_missing(self):
        for values in ({"equipment_id": False}, {"problem": False}):
            with self.assertRaises(UserError):
                self.report(**values).action_report()

    def test_scan(self):
        label = "(01)04012345678901(21)SN-9"
        self.vent.write({"hc_udi": label, "serial_no": "SN-9"})
        scanned = self.env["maintenance.equipment"].with_user(self.nurse)._hc_scanned
        for text in (label, "SN-9", "010401234567890121SN-9", "VENT", " VENT "):
            self.assertEqual(scanned(text), self.vent, text)
        self.assertFalse(scanned("unknown"))
        self.assertFalse(scanned(""))
        report = self.env["hc.device.report"].with_user(self.nurse).new({"scan": "VENT"})
        report._onchange_scan()
        self.assertEqual(report.equipment_id._origin or report.equipment_id, self.vent)

    def test_others_may_not(self):
        report = self.report()
        plain = self.env["res.users"].create({"name": "Plain", "login": "plain"})
        with self.assertRaises(AccessError):
            report.with_user(plain).action_report()
