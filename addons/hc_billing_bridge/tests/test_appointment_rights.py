# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command
from odoo.exceptions import AccessError

from .appointment_common import AppointmentCase

BILLING = "hc_billing_bridge.group_billing_user"
KEEPER = "hc_billing_bridge.group_appointment_keeper"
OURS = ("hc.appointment", "hc.appointment.code", "hc.charge.gap", "hc.charge.gap.decide")


class TestAppointmentRights(AppointmentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.billing = cls._user("billing-only", BILLING)

    @classmethod
    def _user(cls, login, group, company=None):
        company = company or cls.company
        return cls.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.set(cls.env.ref(group).ids)],
            }
        )

    def gap(self):
        self.change(status="fulfilled")
        self.work()
        self.env["hc.charge.gap"].with_company(self.company)._refresh()
        return self.gaps()

    def test_billing_user_sees_and_decides(self):
        gap = self.gap().with_user(self.billing)
        one = self.found().with_user(self.billing)
        self.assertEqual((one.state, one.charge_count, one.hc_message_count), ("fulfilled", 0, 1))
        self.assertEqual(one.product_ids.name, "Scan")
        one.read()
        gap.read()
        gap.action_assign_me()
        action = gap.action_dismiss()
        wizard = self.env[action["res_model"]].with_user(self.billing)
        wizard.with_context(**action["context"]).create({"note": "Free"}).action_apply()
        self.assertEqual((gap.state, gap.closed_by_id), ("dismissed", self.billing))

    def test_billing_user_links(self):
        gap = self.gap().with_user(self.billing)
        message = self.charge(at=self.ago(days=5))
        self.work()
        action = gap.action_link()
        wizard = (
            self.env[action["res_model"]].with_user(self.billing).with_context(**action["context"])
        )
        wizard.create({"charge_id": self.charge_of(message).id}).action_apply()
        self.assertEqual(gap.state, "resolved")

    def test_billing_user_changes_no_appointment(self):
        self.change()
        self.drain()
        one = self.found().with_user(self.billing)
        for change in (lambda: one.write({"state": "cancelled"}), one.unlink, one.copy):
            with self.assertRaises(AccessError):
                change()
        message = one._hc_messages()
        with self.assertRaises(AccessError):
            message.read(["payload"])

    def test_others_are_refused(self):
        gap = self.gap()
        for group in (
            "base.group_user",
            "base.group_portal",
            "healthcare_integration_base.group_integration_manager",
            "account.group_account_manager",
        ):
            user = self._user(f"other-{group}", group)
            for record in (self.found(), self.found().service_ids, gap):
                with self.assertRaises(AccessError):
                    record.with_user(user).read()
            for press in ("action_assign_me", "action_dismiss", "action_link", "action_reopen"):
                with self.assertRaises(AccessError):
                    getattr(gap.with_user(user), press)()
            with self.assertRaises(AccessError):
                self.found().with_user(user).action_open_charges()
            with self.assertRaises(AccessError):
                self.env["hc.charge.gap.decide"].with_user(user).create({"decision": "dismiss"})

    def test_a_user_of_another_company_sees_nothing(self):
        gap = self.gap()
        company = self.env["res.company"].create({"name": "Other hospital"})
        user = self._user("abroad", BILLING, company)
        for model in ("hc.appointment", "hc.charge.gap"):
            self.assertFalse(self.env[model].with_user(user).search([]))
        with self.assertRaises(AccessError):
            self.found().with_user(user).read()
        with self.assertRaises(AccessError):
            gap.with_user(user).action_dismiss()

    def test_a_system_keeps_its_own_appointments_and_no_more(self):
        self.change()
        self.drain()
        keeper = self.env.ref(KEEPER)
        self.assertIn(keeper, self.system.user_id.group_ids)
        other = self.make_system("another")
        self.assertNotIn(keeper, other.user_id.group_ids)
        other.user_id.group_ids = [Command.link(keeper.id)]
        self.assertFalse(self.env["hc.appointment"].with_user(other.user_id).search([]))
        self.channel.message_type_ids = [Command.clear()]
        self.assertNotIn(keeper, self.system.user_id.group_ids)

    def test_what_a_system_may_change_is_what_was_reviewed(self):
        user = self._user("only-keeper", KEEPER)
        reviewed = {
            "write": {"hc.appointment"},
            "create": {"hc.appointment", "hc.appointment.code"},
            "unlink": set(),
        }
        for mode, models in reviewed.items():
            allowed = {name for name in OURS if self.env[name].with_user(user).has_access(mode)}
            self.assertEqual(allowed, models, mode)
        self.assertFalse(self.env["hc.charge"].with_user(user).has_access("read"))
