# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import tempfile
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .certificates import DAY, issue
from .common import EngineCase

HOUR = timedelta(hours=1)
GROUP = "healthcare_integration_base.group_integration_"


@tagged("post_install", "-at_install")
class TestExpiry(EngineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = new_test_user(cls.env, "hc.expiry.owner", f"{GROUP}viewer")
        cls.manager = new_test_user(cls.env, "hc.expiry.manager", f"{GROUP}manager")
        cls.system = cls.make_system("expiry", owner_id=cls.owner.id)
        cls.of_system = {"system_id": cls.system.id}

    def listed(self, record, kind=None):
        domain = [("res_model", "=", record._name), ("res_id", "=", record.id)]
        return self.env["hc.expiry"].search(domain + ([("kind", "=", kind)] if kind else []))

    def credential(self, days=None):
        """A credential in use, made by a manager, that ends in so many days."""
        made = self.env["hc.credential"].with_user(self.manager).create(self.of_system)
        made._issue()
        if days is not None:
            made.valid_until = fields.Datetime.now() + timedelta(days=days, hours=-1)
        return made

    def move_to(self, credential, days):
        """Let time go by: the end is so many days away."""
        end = fields.Datetime.now() + timedelta(days=days, hours=-1)
        credential.sudo().valid_from = False
        self.env.flush_all()
        for record in (credential.sudo(), self.listed(credential)):
            name = "valid_until" if record._name == "hc.credential" else "expires_at"
            self.env.cr.execute(
                f"UPDATE {record._table} SET {name} = %s WHERE id = %s", [end, record.id]
            )
        self.env.invalidate_all()

    def activities(self, credential):
        return self.listed(credential).activity_ids

    # ------------------------------------------------------------------ the list

    def test_follows_what_ends(self):
        credential = self.credential()
        self.assertFalse(self.listed(credential))
        credential.valid_until = fields.Datetime.now() + timedelta(days=100) - HOUR
        entry = self.listed(credential)
        self.assertEqual((entry.kind, entry.status), ("credential", "fine"))
        self.assertEqual(entry.system_id, self.system)
        self.assertEqual(entry.days_left, 99)
        credential.action_revoke()
        self.assertFalse(self.listed(credential))

    def test_goes_with_its_record(self):
        credential = self.credential(50)
        entry = self.listed(credential)
        credential.unlink()
        self.assertFalse(entry.exists())
        other = self.listed(self.credential(50))
        self.system.unlink()
        self.assertFalse(other.exists())

    def test_certificates(self):
        shown, authority = (
            issue(name, end=days * DAY - HOUR)
            for name, days in (("client", 20), ("authority", 400))
        )
        mtls = self.env["hc.credential"].create({**self.of_system, "kind": "mtls"})
        certificate = self.env["hc.credential.certificate"].create(
            {"credential_id": mtls.id, "pem": shown.pem}
        )
        mtls.action_issue()
        self.assertEqual(self.listed(certificate).days_left, 19)
        self.assertEqual(mtls.status, "expiring")
        mtls._renew(issue("next", end=300 * DAY).pem, False)
        self.assertFalse(self.listed(certificate), "it is replaced before it ends")
        self.assertEqual(mtls.status, "active")
        endpoint = self.env["hc.endpoint"].create(
            {
                **self.of_system,
                "name": "Orders",
                "url": "https://partner.example/",
                "client_certificate": shown.pem,
                "ca_bundle": authority.pem,
            }
        )
        kinds = {entry.kind: entry.days_left for entry in self.listed(endpoint)}
        self.assertEqual(kinds, {"endpoint_certificate": 19, "endpoint_ca": 399})
        endpoint.client_certificate = False
        self.assertEqual(self.listed(endpoint).kind, "endpoint_ca")
        port = self.env["hc.mllp.port"].create(
            {
                **self.of_system,
                "name": "Beds",
                "use_tls": True,
                "certificate": shown.pem + authority.pem,
                "client_ca": authority.pem,
            }
        )
        kinds = {entry.kind: entry.days_left for entry in self.listed(port)}
        self.assertEqual(kinds, {"mllp_certificate": 19, "mllp_ca": 399})
        client = self.env["hc.mllp.client"].create(
            {"port_id": port.id, "name": "Engine", "certificate": shown.pem}
        )
        self.assertEqual(client.fingerprint, shown.fingerprint)
        self.assertEqual(self.listed(client).system_id, self.system)
        client.fingerprint = "ab" * 32
        self.assertFalse(self.listed(client), "another certificate, of which nothing is known")

    def test_a_file_that_was_renewed_is_seen_the_next_day(self):
        path = self.folder() / "port.pem"
        path.write_text(issue("server", end=5 * DAY - HOUR).pem)
        port = self.env["hc.mllp.port"].create(
            {**self.of_system, "name": "Beds", "use_tls": True, "certificate_file": str(path)}
        )
        self.assertEqual(self.listed(port).days_left, 4)
        path.write_text(issue("server", end=200 * DAY - HOUR).pem)
        self.env["hc.expiry"]._cron_watch()
        self.assertEqual(self.listed(port).days_left, 199)
        path.unlink()
        self.env["hc.expiry"]._cron_watch()
        self.assertFalse(self.listed(port))

    def folder(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        return Path(made.name)

    def test_provider(self):
        issuer = self.env["hc.token.issuer"].create(
            {
                "name": "Login",
                "issuer": "https://login.example",
                "audience": "x",
                "valid_until": fields.Date.today() + timedelta(days=10),
                "owner_id": self.owner.id,
            }
        )
        self.env["hc.expiry"]._cron_watch()
        entry = self.listed(issuer)
        self.assertEqual((entry.kind, entry.user_id), ("issuer", self.owner))

    # ------------------------------------------------------------------- telling

    def test_told_at_each_stage_once(self):
        credential = self.credential(31)
        watch = self.env["hc.expiry"]._cron_watch
        told = {}
        for day in range(31, -3, -1):
            self.move_to(credential, day)
            watch()
            watch()
            entry = self.listed(credential)
            told.setdefault(entry.told_at_days, []).append(day)
            self.assertLessEqual(len(entry.activity_ids), 1)
        self.assertEqual(
            {stage: max(days) for stage, days in told.items()}, {0: 31, 30: 30, 14: 14, 7: 7, 1: 1}
        )

    def test_told_to_the_owner(self):
        credential = self.credential(7)
        self.env["hc.expiry"]._cron_watch()
        [activity] = self.activities(credential)
        self.assertEqual(activity.user_id, self.owner)
        self.assertIn(credential.name, activity.summary)
        self.assertEqual(self.listed(credential).with_user(self.owner).name, credential.name)

    def test_an_owner_who_may_not_see_it(self):
        self.system.owner_id = new_test_user(self.env, "hc.expiry.plain", "base.group_user")
        credential = self.credential(7)
        self.env["hc.expiry"]._cron_watch()
        self.assertEqual(self.activities(credential).user_id, self.manager)

    def test_renewed(self):
        credential = self.credential(7)
        self.env["hc.expiry"]._cron_watch()
        self.assertTrue(self.activities(credential))
        credential.valid_until = fields.Datetime.now() + timedelta(days=300)
        self.assertFalse(self.activities(credential))
        self.assertFalse(self.listed(credential).told_at_days)

    def test_one_that_is_over_was_told_before(self):
        credential = self.credential(7)
        self.move_to(credential, -3)
        self.env["hc.expiry"]._cron_watch()
        self.assertEqual(self.listed(credential).status, "over")
        self.assertEqual(len(self.activities(credential)), 1)

    # ------------------------------------------------------------------- screens

    def test_filters_and_counts(self):
        soon, late = self.credential(20), self.credential(90)
        credentials = self.env["hc.credential"].with_user(self.manager)
        limit = fields.Datetime.now() + timedelta(days=30)
        found = credentials.search([("expires_at", "<=", limit), ("state", "=", "active")])
        self.assertIn(soon, found)
        self.assertNotIn(late, found)
        self.assertEqual((soon.status, late.status), ("expiring", "active"))
        self.assertEqual(self.system.expiring_count, 1)

    def test_rights(self):
        entry = self.listed(self.credential(20))
        action = entry.with_user(self.manager).action_open_record()
        self.assertEqual(action["res_model"], "hc.credential")
        with self.assertRaises(AccessError):
            entry.with_user(self.owner).action_open_record()
        for change in ({"name": "x"}, {"expires_at": fields.Datetime.now()}):
            with self.assertRaises(AccessError):
                entry.with_user(self.manager).write(change)
