# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import new_test_user, tagged

from odoo.addons.healthcare_integration_base.tests.tour_case import TourCase

from .appointment_common import AppointmentCase

WORKLIST = "integration-charge-worklist"


@tagged("post_install", "-at_install")
class TestAppointmentTours(TourCase, AppointmentCase):
    """A billing user works on what was done and not charged."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new_test_user(cls.env, "hc.billing", "hc_billing_bridge.group_billing_user")

    def gap(self):
        self.change("T-1", "fulfilled")
        self.work()
        self.env["hc.charge.gap"].with_company(self.company)._refresh()
        return self.gaps()

    def test_billing_says_why_no_charge_is_due(self):
        gap = self.gap()
        self.walk("hc_billing_says_why_no_charge_is_due", WORKLIST, "hc.billing")
        self.env.invalidate_all()
        self.assertEqual((gap.state, gap.note), ("dismissed", "Free follow-up"))

    def test_billing_links_a_charge(self):
        gap = self.gap()
        self.charge("C-TOUR", at=self.ago(days=5))
        self.work()
        self.walk("hc_billing_links_a_charge", WORKLIST, "hc.billing")
        self.env.invalidate_all()
        self.assertEqual(gap.state, "resolved")
        self.assertEqual(gap.appointment_id.charge_ids.name, "C-TOUR")
