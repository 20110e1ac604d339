# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import new_test_user, tagged

from odoo.addons.healthcare_integration_base.tests.tour_case import TourCase

from .common import BiomedCase

ADDON = "hc_biomed_maintenance"


@tagged("post_install", "-at_install")
class TestTours(TourCase, BiomedCase):
    """A ward reports a device; a technician takes an alarm and looks where it came from."""

    def test_ward_reports_a_device(self):
        new_test_user(self.env, "hc.nurse", f"{ADDON}.group_biomed_reporter")
        self.walk("hc_ward_reports_a_device", "report-a-device", "hc.nurse")
        message = self.env["hc.message"].search([("system_id.is_internal", "=", True)])
        self.assertEqual(message.payload["code"], "staff.battery")
        self.assertEqual(message.payload["problem"], "goes off after a minute")
        self.assertEqual(message.payload["priority"], "high")

    def test_technician_takes_an_alarm(self):
        user = new_test_user(self.env, "hc.technician", f"{ADDON}.group_biomed_user")
        for number in range(3):
            self.tell(f"A{number}", minutes=-30 + number)
        self.drain()
        self.walk("hc_technician_takes_an_alarm", "biomed-requests", "hc.technician")
        self.assertEqual(self.requests().hc_acknowledged_by_id, user)
