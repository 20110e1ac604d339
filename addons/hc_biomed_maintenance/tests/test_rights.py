# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command
from odoo.exceptions import AccessError

from .common import BiomedCase

ADDON = "hc_biomed_maintenance"
# What the messages of devices write, and what Odoo lets every internal user do.
REVIEWED = {
    "hc.device.alarm",
    "hc.device.alarm.day",
    "hc.identifier",
    "maintenance.equipment",
    "maintenance.request",
}


class TestRights(BiomedCase):
    def user(self, login, *groups, **values):
        return self.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "group_ids": [Command.set([self.env.ref(group).id for group in groups])],
                **values,
            }
        )

    def setUp(self):
        super().setUp()
        self.message = self.tell()
        self.drain()
        self.request = self.requests()

    def test_what_a_system_may_change_is_what_was_reviewed(self):
        names = [one for one in self.env.registry if one.startswith(("hc.", "maintenance."))]
        for mode in ("write", "create", "unlink"):
            models = [self.env[name].with_user(self.system.user_id) for name in names]
            stored = [one for one in models if not (one._transient or one._abstract)]
            allowed = {one._name for one in stored if one.has_access(mode)}
            self.assertLessEqual(allowed, REVIEWED, mode)

    def test_only_systems_that_send_about_devices_may_write_them(self):
        group = self.env.ref(f"{ADDON}.group_biomed_system")
        self.assertIn(group, self.system.user_id.group_ids)
        self.assertNotIn(group, self.make_system("other").user_id.group_ids)

    def test_biomed_user(self):
        user = self.user("biomed", f"{ADDON}.group_biomed_user")
        request = self.request.with_user(user)
        request.action_hc_acknowledge()
        self.assertEqual(request.hc_acknowledged_by_id, user)
        self.assertEqual(request.hc_message_count, 1)
        self.assertEqual(request.hc_alarm_ids.number, "A1")
        request.equipment_id.hc_criticality = "low"
        self.assertEqual(self.message.with_user(user).state, "done")
        with self.assertRaises(AccessError):
            self.message.with_user(user).read(["payload"])
        with self.assertRaises(AccessError):
            request.hc_alarm_ids.write({"number": "A2"})
        with self.assertRaises(AccessError):
            self.env["hc.triage.rule"].with_user(user).create({"name": "mine"})

    def test_biomed_manager_keeps_rules(self):
        user = self.user("manager", f"{ADDON}.group_biomed_manager")
        rule = self.env["hc.triage.rule"].with_user(user).create({"name": "mine"})
        self.assertTrue(rule.active)

    def test_technician_without_the_group_works_on_what_is_theirs(self):
        user = self.user("technician", "base.group_user")
        self.request.user_id = user
        request = self.request.with_user(user)
        self.assertEqual(request.hc_alarm_count, 1)
        form = request.get_view(view_type="form")["arch"]
        self.assertIn("action_hc_acknowledge", form)
        self.assertNotIn("hc_alarm_ids", form)
        request.action_hc_acknowledge()
        self.assertEqual(request.hc_acknowledged_by_id, user)

    def test_another_internal_user(self):
        user = self.user("nobody", "base.group_user")
        self.assertFalse(self.env["maintenance.request"].with_user(user).search([]) & self.request)
        for record in (self.request, self.request.hc_alarm_ids):
            with self.assertRaises(AccessError):
                record.with_user(user).read(["display_name"])
        with self.assertRaises(AccessError):
            self.request.with_user(user).action_hc_acknowledge()
        with self.assertRaises(AccessError):
            self.env["hc.device.report"].with_user(user).create({})

    def test_another_company_sees_nothing(self):
        other = self.env["res.company"].create({"name": "North"})
        user = self.user(
            "north",
            f"{ADDON}.group_biomed_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for model in ("maintenance.request", "hc.device.alarm", "maintenance.equipment"):
            found = self.env[model].with_user(user).search([("company_id", "=", self.company.id)])
            self.assertFalse(found, model)
        with self.assertRaises(AccessError):
            self.request.with_user(user).action_hc_acknowledge()

    def test_reporter_sees_devices_and_changes_none(self):
        user = self.user("reporter", f"{ADDON}.group_biomed_reporter")
        self.assertEqual(self.pump.with_user(user).name, "Pump")
        with self.assertRaises(AccessError):
            self.pump.with_user(user).name = "Mine"
        with self.assertRaises(AccessError):
            self.request.with_user(user).read(["name"])
