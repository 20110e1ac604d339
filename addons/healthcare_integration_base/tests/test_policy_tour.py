# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from .policy_case import PolicyCase
from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestPolicyTour(TourCase, PolicyCase):
    def test_officer_previews_and_approves(self):
        self.give("/name", "mask")
        self.policy.action_submit()
        self.walk("hc_officer_previews_and_approves", "integration-policies", "hc.policy.officer")
        self.env.invalidate_all()
        self.assertEqual(self.channel.policy_version, 1)
        self.assertFalse(self.rows_with("Canary Ophelia", "canary note 5519"))
