# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_engine import NOTED, EngineBehaviour

BASE = "healthcare_integration_base"


@tagged("post_install", "-at_install")
class TestRegister(EngineBehaviour):
    """The catalog as a register: reviews, agreements, the printed catalog, the flow map."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group = f"{BASE}.group_integration_"
        cls.viewer = new_test_user(cls.env, "register.viewer", f"{group}viewer")
        cls.manager = new_test_user(cls.env, "register.manager", f"{group}manager")
        cls.today = fields.Date.context_today(cls.env.user)

    def remind(self):
        self.env["hc.channel"]._cron_remind()
        return self.channel.activity_ids

    # ---------------------------------------------------------------- reviews

    def test_a_review_is_asked_for_once(self):
        self.channel.data_owner_id = self.manager
        self.assertFalse(self.remind(), "a year is left")
        self.channel.review_months = 1
        self.channel.reviewed_on = self.today - timedelta(days=40)
        self.assertTrue(self.channel.is_review_due)
        self.assertIn(self.channel, self.env["hc.channel"].search([("is_review_due", "=", True)]))
        asked = self.remind()
        self.assertEqual(asked.user_id, self.manager)
        self.assertEqual(asked.date_deadline, self.channel.review_due_on)
        self.assertEqual(self.remind(), asked)

    def test_reviewed(self):
        self.channel.data_owner_id = self.manager
        self.channel.reviewed_on = self.today - timedelta(days=400)
        self.assertTrue(self.remind())
        self.channel.with_user(self.manager).action_mark_reviewed()
        self.assertFalse(self.channel.activity_ids)
        self.assertFalse(self.channel.is_review_due)
        self.assertEqual(self.channel.reviewed_by_id, self.manager)
        told = self.env["hc.audit.event"].search([("action", "=", "catalog.reviewed")], limit=1)
        self.assertEqual(
            (told.user_id, told.object), (self.manager, f"hc.channel,{self.channel.id}")
        )

    def test_nobody_is_asked_about_what_is_not_reviewed(self):
        self.channel.owner_id = self.manager
        self.channel.review_months = 0
        self.assertFalse(self.channel.review_due_on)
        self.assertFalse(self.remind())

    def test_a_viewer_reviews_nothing(self):
        with self.assertRaises(AccessError):
            self.channel.with_user(self.viewer).action_mark_reviewed()

    # ------------------------------------------------------------- agreements

    def test_an_agreement_that_has_ended_is_found(self):
        systems = self.env["hc.system"]
        self.system.agreement_end = self.today - timedelta(days=1)
        self.assertTrue(self.system.is_agreement_over)
        self.assertIn(self.system, systems.search([("is_agreement_over", "=", True)]))
        self.system.agreement_end = self.today
        self.assertNotIn(self.system, systems.search([("is_agreement_over", "=", True)]))
        self.assertIn(self.system, systems.search([("is_agreement_over", "=", False)]))

    # ------------------------------------------------------------------ report

    def test_the_printed_catalog(self):
        self.system.write(
            {
                "region": "Region of the test",
                "agreement_end": "2031-05-06",
                "owner_id": self.manager,
            }
        )
        self.channel.write({"fallback": "Paper <b>forms</b>", "system_of_record": "The record"})
        report = self.env["ir.actions.report"].with_user(self.viewer)
        html, _kind = report._render_qweb_html(f"{BASE}.action_report_catalog", self.channel.ids)
        text = html.decode()
        for told in ("Region of the test", "05/06/2031", "The record", NOTED, self.channel.code):
            self.assertIn(told, text)
        self.assertIn("Paper &lt;b&gt;forms", text)

    # ---------------------------------------------------------------- flow map

    def read_map(self, user):
        return self.env["hc.flow.map"].with_user(user).read_map()

    def test_the_map_shows_what_flows(self):
        for value in range(3):
            self.send(self.channel, self.event({"facility": "F", "value": value}, NOTED))
        self.drain()
        seen = self.read_map(self.viewer)
        self.assertIn(
            {"channel": self.channel.id, "document": "res.partner", "count": 3}, seen["flows"]
        )
        self.assertIn({"model": "res.partner", "name": "Contact"}, seen["documents"])
        mine = next(one for one in seen["channels"] if one["id"] == self.channel.id)
        self.assertEqual((mine["today"], mine["types"]), (3, [NOTED]))
        self.assertIn(self.system.id, [one["id"] for one in seen["systems"]])

    def test_the_map_shows_no_other_company(self):
        other = self.env["res.company"].create({"name": "Other hospital"})
        abroad = self.make_system("abroad", company_id=other.id)
        channel = self.make_channel(abroad, self.noted)
        seen = self.read_map(self.viewer)
        self.assertNotIn(abroad.id, [one["id"] for one in seen["systems"]])
        self.assertNotIn(channel.id, [one["id"] for one in seen["channels"]])

    def test_the_map_is_not_for_everybody(self):
        stranger = new_test_user(self.env, "register.stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self.read_map(stranger)
