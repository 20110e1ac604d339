# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.healthcare_integration_base.engine import pseudonyms

from .common import CAPTURED, BillingCase

BASE = "healthcare_integration_base"


@tagged("post_install", "-at_install")
class TestPatientSearch(BillingCase):
    """Accounts and visits stay together when a key is replaced, and are found by number."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = new_test_user(cls.env, "officer", f"{BASE}.group_privacy_officer")
        cls.clerk = new_test_user(cls.env, "clerk", "hc_billing_bridge.group_billing_user")
        cls.operator = new_test_user(cls.env, "operator", f"{BASE}.group_integration_operator")

    def setUp(self):
        super().setUp()
        pseudonyms.settled.forget(self.env.cr.dbname)

    def rotate(self, domain):
        key = self.env["hc.pseudonym.key"].search(
            [("domain", "=", domain), ("state", "=", "current")]
        )
        key.with_user(self.officer)._rotate("Why")

    def test_one_account_and_one_invoice_for_a_visit(self):
        first = self.bill(self.charge("C-1", coverage=None))
        self.rotate("patient")
        self.rotate("encounter")
        second = self.bill(self.charge("C-2", "CBC", coverage=None))
        self.assertEqual(second.message_id.payload["patient"]["mrn"][:5], "hcp2_")
        self.assertEqual(second.message_id.payload["encounter"][:5], "hcp2_")
        self.assertEqual(first.patient_id, second.patient_id)
        self.assertEqual(first.encounter, second.encounter)
        self.assertEqual(first.move_line_id.move_id, second.move_line_id.move_id)

    def test_the_same_fact_is_the_same(self):
        self.bill(self.charge("C-1"))
        self.rotate("patient")
        self.rotate("encounter")
        again = self.send(self.channel, self.event(self.charge("C-1"), CAPTURED))
        self.drain()
        self.assertEqual(again.state, "duplicate", again.error_code)

    def test_found_by_number(self):
        charge = self.bill(self.charge("C-1", coverage=None))
        self.rotate("patient")
        other = self.bill(
            self.charge("C-9", encounter="V-9", patient={"mrn": "P-2", "authority": "HOSP"})
        )
        search = self.env["hc.patient.search"].with_user(self.clerk)
        self.assertEqual(
            {key for key, _label in search.places()}, {"charges", "appointments", "accounts"}
        )
        for place, expected in (("charges", charge), ("accounts", charge.patient_id)):
            action = search.find(place, "P-1", "HOSP")
            found = self.env[action["res_model"]].with_user(self.clerk).search(action["domain"])
            self.assertEqual(found, expected)
            self.assertNotIn("P-1", str(action))
        action = search.find("charges", "P-2", "HOSP")
        self.assertEqual(self.env["hc.charge"].search(action["domain"]), other)

    def test_each_where_their_work_is(self):
        for user, place in ((self.operator, "charges"), (self.clerk, "ledger")):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.env["hc.patient.search"].with_user(user).find(place, "P-1")
