# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command
from odoo.exceptions import AccessError, UserError

from .common import BillingCase

BUSINESS = (
    "account.",
    "analytic.",
    "hc.",
    "product.",
    "purchase.",
    "stock.",
    "uom.",
    "res.partner",
)
SYSTEM_GROUP = "hc_billing_bridge.group_billing_system"


class TestBillingRights(BillingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = cls._user("biller", "hc_billing_bridge.group_billing_user")
        cls.viewer = cls._user("viewer", "healthcare_integration_base.group_integration_viewer")
        cls.accountant = cls._user("accountant", "account.group_account_invoice")

    @classmethod
    def _user(cls, login, *groups):
        return cls.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "group_ids": [Command.set([cls.env.ref(group).id for group in groups])],
            }
        )

    def test_only_systems_that_send_charges_may_write_them(self):
        group = self.env.ref(SYSTEM_GROUP)
        other = self.make_system("other-system")
        self.assertIn(group, self.system.user_id.group_ids)
        self.assertNotIn(group, other.user_id.group_ids)
        with self.assertRaises(AccessError):
            self.env["hc.charge"].with_user(other.user_id).search([])

    def test_what_a_system_may_change_is_what_was_reviewed(self):
        user = self.system.user_id
        models = [
            self.env[name].with_user(user)
            for name in self.env.registry
            if name.startswith(BUSINESS)
        ]
        stored = [model for model in models if not (model._transient or model._abstract)]
        for mode, reviewed in (
            ("write", {"hc.charge"}),
            ("create", {"hc.charge"}),
            ("unlink", set()),
        ):
            allowed = {model._name for model in stored if model.has_access(mode)}
            self.assertLessEqual(allowed, reviewed | {"hc.appointment"}, mode)

    def test_a_system_sees_its_own_charges(self):
        charge = self.bill(self.charge("1"))
        other = self.make_system("other-ehr")
        self.make_channel(other, self.channel.message_type_ids, code="others")
        self.assertTrue(charge.with_user(self.system.user_id).read(["state"]))
        self.assertFalse(self.env["hc.charge"].with_user(other.user_id).search([]))

    def test_billing_user_decides(self):
        self.bill(self.charge("1"))
        held = self.bill(self.charge("2")).with_user(self.biller)
        self.assertEqual(held.read(["state"])[0]["state"], "on_hold")
        held.action_bill()
        self.follow_up()
        self.assertEqual(held.state, "invoiced")
        self.assertEqual(held.decided_by_id, self.biller)
        self.assertEqual(held.move_id.hc_charge_count, 2)
        self.assertEqual(held.move_id.hc_message_count, 2)

    def test_billing_user_cancels_and_retries(self):
        charge = self.bill(self.charge("1", "NEW")).with_user(self.biller)
        charge.action_retry()
        charge.price_unit = 3
        action = charge.action_cancel()
        wizard = self.env["hc.charge.cancel"].with_user(self.biller)
        wizard.with_context(**action["context"]).create({"reason": "x"}).action_confirm()
        self.assertEqual(charge.state, "cancelled")

    def test_billing_user_sees_the_message_and_not_its_content(self):
        charge = self.bill(self.charge("1")).with_user(self.biller)
        self.assertEqual(charge.message_id.state, "done")
        with self.assertRaises(AccessError):
            charge.message_id.read(["payload"])

    def test_billing_user_writes_no_state_and_corrects_only_what_is_held(self):
        done = self.bill(self.charge("1")).with_user(self.biller)
        held = self.bill(self.charge("2")).with_user(self.biller)
        with self.assertRaises(UserError):
            held.state = "ready"
        with self.assertRaises(UserError):
            held.amount = 1
        with self.assertRaises(UserError):
            done.payer_id = self.other_payer
        with self.assertRaises(AccessError):
            held.unlink()
        with self.assertRaises(AccessError):
            held.copy()

    def test_others_are_refused(self):
        held = self.bill(self.charge("1", "NEW"))
        for user in (self.viewer, self.accountant):
            charge = held.with_user(user)
            with self.assertRaises(AccessError):
                charge.read(["amount"])
            for button in ("action_bill", "action_retry", "action_cancel", "action_open_message"):
                with self.assertRaises(AccessError):
                    getattr(charge, button)()
            with self.assertRaises(AccessError):
                self.env["hc.charge.cancel"].with_user(user).create({"reason": "x"})

    def test_accountant_works_on_the_invoice(self):
        charge = self.bill(self.charge("1"))
        invoice = charge.move_id.with_user(self.accountant)
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")
        with self.assertRaises(AccessError):
            invoice.action_hc_messages()
        later = self.bill(self.charge("2", "CBC"))
        later.move_line_id.with_user(self.accountant).unlink()
        self.assertHeld(later, "line_removed")

    def test_pseudonym_is_for_billing_only(self):
        account = self.bill(self.charge("1")).patient_id
        self.assertTrue(account.with_user(self.biller).hc_patient_ref)
        with self.assertRaises(AccessError):
            account.with_user(self.accountant).read(["hc_patient_ref"])

    def test_other_companies_are_out_of_sight(self):
        charge = self.bill(self.charge("1"))
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.biller.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        with self.assertRaises(AccessError):
            charge.with_user(self.biller).read(["amount"])
