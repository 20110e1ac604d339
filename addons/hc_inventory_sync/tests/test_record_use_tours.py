# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from odoo.addons.healthcare_integration_base.tests.tour_case import TourCase

from .record_use_case import RecordUseCase


@tagged("post_install", "-at_install")
class TestRecordUseTours(TourCase, RecordUseCase):
    """A nurse records by tap and by scan, puts back, and sees what became of it."""

    browser_size = "820x1180"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.saline.barcode = "4006501003638"
        cls.stent.barcode = "5901234123457"

    def settle_all(self):
        self.env.invalidate_all()
        messages = self.env["hc.message"].search([("system_id.is_internal", "=", True)])
        for lane in messages.lane_id:
            self.lane = lane
            self.drain()
        return messages

    def test_nurse_records_by_tap_and_by_scan(self):
        self.walk("hc_nurse_records_use", "record-use", self.nurse.login)
        messages = self.settle_all()
        self.assertEqual(messages.mapped("state"), ["done"])
        self.assertEqual(self.on_hand(self.glove, self.icu), 97)
        self.assertEqual(self.on_hand(self.saline, self.icu, self.lot), 45)
        self.assertEqual(self.on_hand(self.stent, self.icu), 0)
        self.walk("hc_nurse_puts_back", "record-use", self.nurse.login)
        self.assertEqual(set(self.settle_all().mapped("state")), {"done"})
        self.assertEqual(self.on_hand(self.stent, self.icu, self.serial), 1)

    def test_nobody_loses_a_list_to_an_error(self):
        self.walk("hc_nurse_keeps_her_list", "record-use", self.nurse.login)
        self.assertEqual(self.settle_all().mapped("state"), ["done", "done"])
        self.assertEqual(self.on_hand(self.glove, self.icu), 98)
        self.assertEqual(self.on_hand(self.gauze, self.icu), 99)
