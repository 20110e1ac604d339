# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..messaging.setup.finding import About
from .common import EngineCase
from .tour_case import TourCase

BASE = "healthcare_integration_base"
STATUSES = {"error", "warning", "unknown", "ok"}


@tagged("post_install", "-at_install")
class TestSetupCheck(EngineCase, TourCase):
    """The set-up check of the database that the tests run in, which has a few things wrong."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "check.manager", f"{BASE}.group_integration_manager", password="check.manager"
        )
        cls.checks = cls.env["hc.setup.check"].with_user(cls.manager)

    def found(self):
        return {one["check"]: one for one in self.checks.run()["findings"]}

    def test_every_check_says_something(self):
        told = self.checks.run()
        self.assertIn(told["worst"], STATUSES)
        names = [one["check"] for one in told["findings"]]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 28)
        for one in told["findings"]:
            with self.subTest(one["check"]):
                self.assertIn(one["status"], STATUSES)
                self.assertNotIn("The check itself failed", one["seen"])
                self.assertTrue(one["fix"] or one["status"] == "ok")
        order = [one["status"] for one in told["findings"]]
        self.assertEqual(order, sorted(order, key=["error", "warning", "unknown", "ok"].index))

    def test_what_holds_here(self):
        """One threaded process behind no proxy, on a database of its own."""
        found = self.found()
        self.assertEqual(found["gate"]["status"], "ok")
        self.assertEqual(found["workers"]["status"], "error")
        self.assertEqual(found["role"]["status"], "ok")
        self.assertEqual(found["tls"]["status"], "unknown")
        self.assertEqual(found["database_clock"]["status"], "ok")
        self.assertEqual(found["durability"]["status"], "ok")

    def test_lanes_and_channels(self):
        system = self.make_system("check")
        kind = self.make_noted()
        channel = self.make_channel(system, kind, owner_id=False)
        self.lane.cron_ids.active = False
        found = self.found()
        self.assertEqual(found["drains"]["status"], "error")
        self.assertIn(self.lane.name, found["drains"]["seen"])
        self.assertIn(channel.display_name, found["owners"]["seen"])
        channel._sudo_set_state({"state": "paused"})
        self.assertIn(channel.display_name, self.found()["paused"]["seen"])

    def test_credentials_that_end(self):
        system = self.make_system("check-ends")
        credential = self.env["hc.credential"].create({"system_id": system.id})
        credential._issue()
        self.assertNotIn(system.name, self.found()["ends"]["seen"])
        credential.write({"valid_from": False, "valid_until": "2020-01-01"})
        self.assertEqual(self.found()["ends"]["status"], "error")
        self.env["hc.credential"].create({"system_id": system.id})._issue()
        self.assertNotIn(system.name, self.found()["ends"]["seen"])

    def test_a_copy(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.assertEqual(self.found()["copy"]["status"], "warning")

    def test_an_addon_adds_its_own(self):
        about = About("own", "Own")
        model = type(self.env["hc.setup.check"])

        def own(_records):
            return [about.ok("One is fine."), about.warning("One is not.", "Mend it.")]

        def broken(_records):
            raise ZeroDivisionError("a value")

        before = model._checks
        with (
            patch.object(
                model,
                "_checks",
                lambda records: [
                    *before(records),
                    lambda: own(records),
                    lambda: about.ok("A third."),
                    lambda: broken(records),
                ],
            ),
            self.assertLogs("odoo.addons.healthcare_integration_base", "WARNING") as logs,
        ):
            told = self.checks.run()["findings"]
        seen = [one["seen"] for one in told]
        for text in ("One is fine.", "One is not.", "A third."):
            self.assertIn(text, seen)
        self.assertIn("The check itself failed (ZeroDivisionError).", seen)
        self.assertNotIn("a value", "".join(logs.output) + "".join(seen))

    def test_for_managers_and_auditors(self):
        for group in ("integration_operator", "privacy_officer"):
            user = new_test_user(self.env, f"check.{group}", f"{BASE}.group_{group}")
            with self.subTest(group), self.assertRaises(AccessError):
                self.env["hc.setup.check"].with_user(user).run()
        auditor = new_test_user(self.env, "check.auditor", f"{BASE}.group_auditor")
        self.assertTrue(self.env["hc.setup.check"].with_user(auditor).run()["findings"])

    def test_nothing_secret_is_told(self):
        told = str(self.checks.run())
        for word in ("hcs1.", "BEGIN ", "password="):
            self.assertNotIn(word, told)

    def test_page(self):
        self.walk("hc_setup_check", "integration-setup-check", "check.manager")
