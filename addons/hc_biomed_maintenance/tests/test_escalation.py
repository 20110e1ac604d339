# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime, timedelta

from odoo.tests import freeze_time

from .common import BiomedCase

MONDAY = datetime(2026, 11, 23, 9)


class TestEscalation(BiomedCase):
    def setUp(self):
        super().setUp()
        self.now = MONDAY
        with freeze_time(MONDAY):
            self.tell(device="MONITOR", minutes=0)
            self.drain()
        self.request = self.requests()

    def run_at(self, moment):
        with freeze_time(moment), self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env.flush_all()
            self.env(cr=cr)["maintenance.request"]._cron_escalate()
        self.env.invalidate_all()

    def escalations(self):
        kind = self.env.ref("hc_biomed_maintenance.activity_escalated")
        return self.request.activity_ids.filtered(lambda one: one.activity_type_id == kind)

    def test_nobody_acknowledges(self):
        self.assertEqual(self.request.hc_acknowledge_by, MONDAY + timedelta(hours=1))
        self.run_at(MONDAY + timedelta(minutes=59))
        self.assertFalse(self.request.hc_escalated_at)
        for minutes in (61, 90):
            self.run_at(MONDAY + timedelta(minutes=minutes))
        self.assertEqual(self.request.hc_escalated_at, MONDAY + timedelta(minutes=61))
        self.assertEqual(self.escalations().user_id, self.chief)
        self.assertEqual(len(self.escalations()), 1)

    def test_the_rule_names_whom_to_tell(self):
        deputy = self.env["res.users"].create({"name": "Deputy", "login": "biomed-deputy"})
        self.request.hc_rule_id.escalation_user_id = deputy
        self.run_at(MONDAY + timedelta(hours=2))
        self.assertEqual(self.escalations().user_id, deputy)

    def test_acknowledged_in_time(self):
        self.request.action_hc_acknowledge()
        self.assertEqual(self.request.hc_acknowledged_by_id, self.env.user)
        self.run_at(MONDAY + timedelta(days=2))
        self.assertFalse(self.request.hc_escalated_at)

    def test_acknowledging_ends_the_escalation(self):
        self.run_at(MONDAY + timedelta(hours=2))
        self.assertTrue(self.escalations())
        self.request.action_hc_acknowledge()
        self.assertFalse(self.escalations())

    def test_who_moves_it_on_has_seen_it(self):
        self.request.stage_id = self.env.ref("maintenance.stage_1")
        self.assertTrue(self.request.hc_acknowledged_at)

    def test_closed_is_not_escalated(self):
        self.request.archive_equipment_request()
        self.run_at(MONDAY + timedelta(days=2))
        self.assertFalse(self.request.hc_escalated_at)
