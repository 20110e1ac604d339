# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import os
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import config, mute_logger

from .certificates import DAY, issue
from .test_door import DoorCase

LOGGER = "odoo.addons.healthcare_integration_base.controllers.peers"
GROUP = "healthcare_integration_base.group_integration_"


@tagged("post_install", "-at_install")
class TestCredentialMtls(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "hc.mtls.manager", f"{GROUP}manager")
        cls.shown = issue("cabinet")
        cls.credential = (
            cls.env["hc.credential"]
            .with_user(cls.manager)
            .create(
                {
                    "name": "Cabinet",
                    "system_id": cls.system.id,
                    "kind": "mtls",
                    "certificate_ids": [(0, 0, {"pem": cls.shown.pem})],
                }
            )
        )
        cls.credential.action_issue()

    def trusting(self, proxies="127.0.0.1"):
        return patch.dict(os.environ, {"HC_TRUSTED_PROXIES": proxies})

    def show(self, header, **headers):
        """A request as the proxy hands it on."""
        given = {"Authorization": None, "Client-Cert": header, **headers}
        return self.call(self.path, self.body(), given)

    def test_known_by_its_certificate(self):
        with self.trusting():
            self.assertEqual(self.show(self.shown.header).status_code, 202)
        with self.trusting("10.0.0.0/8, ::1, 127.0.0.0/8"):
            self.assertEqual(self.show(self.shown.header).status_code, 202)

    def test_nobody_but_a_proxy_tells_certificates(self):
        """Neither without a list, nor from elsewhere, nor beside a proof that is right."""
        for proxies in ("", "10.0.0.5", "no address"):
            with self.trusting(proxies), mute_logger(LOGGER):
                response = self.show(self.shown.header)
                self.refused(response, 401, "proxy_not_trusted")
                self.assertTrue(response.headers["WWW-Authenticate"].startswith("Certificate"))
                both = {"Client-Cert": self.shown.header, "X-Forwarded-For": "10.0.0.5"}
                answer = self.call(self.path, self.body(), both)
                self.refused(answer, 401, "proxy_not_trusted")

    def test_proxy_mode_does_not_lend_an_address(self):
        """Odoo believes X-Forwarded-For then; who is a proxy is seen by the connection."""
        forwarded = {"X-Forwarded-For": "10.0.0.5", "X-Forwarded-Host": "odoo.example"}
        with self.trusting("10.0.0.5"), self.proxy_mode():
            self.refused(self.show(self.shown.header, **forwarded), 401, "proxy_not_trusted")
        with self.trusting(), self.proxy_mode():
            self.assertEqual(self.show(self.shown.header, **forwarded).status_code, 202)

    def proxy_mode(self):
        return patch.dict(config.options.maps[0], {"proxy_mode": True})

    def test_transport_of_somebody_who_signs(self):
        """A certificate beside another proof is the way, not the caller."""
        stranger = issue("some machine")
        with self.trusting():
            headers = {"Client-Cert": stranger.header}
            self.assertEqual(self.call(self.path, self.body(), headers).status_code, 202)

    def test_refused(self):
        cases = {
            "unknown": (issue("stranger").header, "certificate_unknown"),
            "malformed": ("AAAA", "certificate_malformed"),
            "two": (f"{self.shown.header}, {self.shown.header}", "certificate_malformed"),
        }
        with self.trusting():
            for name, (header, code) in cases.items():
                with self.subTest(name):
                    self.refused(self.show(header), 401, code)

    def test_validity_of_the_certificate(self):
        """By its fingerprint alone: the dates are read from what is shown."""
        for name, begin, end in (("late", -9 * DAY, -DAY), ("early", DAY, 9 * DAY)):
            shown = issue(name, begin, end)
            self.env["hc.credential.certificate"].with_user(self.manager).create(
                {"credential_id": self.credential.id, "thumbprint": shown.fingerprint.upper()}
            )
            with self.trusting():
                self.refused(self.show(shown.header), 401, "certificate_expired")

    def test_renewal_overlaps(self):
        new = issue("cabinet, next")
        wizard = self.env["hc.credential.renew"].with_user(self.manager)
        wizard.create({"credential_id": self.credential.id, "pem": new.pem}).action_renew()
        with self.trusting():
            for shown in (self.shown, new):
                self.assertEqual(self.show(shown.header).status_code, 202)
        old = self.credential.certificate_ids.filtered(
            lambda one: one.thumbprint == self.shown.fingerprint
        )
        left = old.valid_until - fields.Datetime.now()
        self.assertTrue(timedelta(days=6) < left <= timedelta(days=7))
        old.valid_until = fields.Datetime.now() - timedelta(seconds=1)
        with self.trusting():
            self.refused(self.show(self.shown.header), 401, "certificate_expired")
            self.assertEqual(self.show(new.header).status_code, 202)

    def test_revoked(self):
        self.credential.action_revoke()
        with self.trusting():
            self.refused(self.show(self.shown.header), 401, "credential_revoked")

    def test_first_use_tells_what_a_fingerprint_does_not(self):
        shown = issue("by fingerprint")
        one = self.env["hc.credential.certificate"].create(
            {
                "credential_id": self.env["hc.credential"]
                .create({"system_id": self.system.id, "kind": "mtls"})
                .id,
                "thumbprint": shown.fingerprint,
            }
        )
        one.credential_id.action_issue()
        self.assertFalse(one.not_after)
        with self.trusting():
            answer = self.show(shown.header, **{"X-Forwarded-For": "198.51.100.7"})
        self.assertEqual(answer.status_code, 202)
        self.env.invalidate_all()
        self.assertEqual(one.subject, "CN=by fingerprint")
        self.assertTrue(one.not_after and one.last_used_at)
        self.assertEqual(one.credential_id.last_used_from, "198.51.100.7")

    def test_list_of_addresses(self):
        self.credential.allowed_addresses = "198.51.100.0/24  # pharmacy\n2001:db8::1"
        with self.trusting():
            for forwarded, status in (
                ("198.51.100.9", 202),
                ("2001:db8::1", 202),
                # The first entry is what the client says of itself.
                ("198.51.100.9, 203.0.113.1", 403),
                ("203.0.113.1", 403),
                ("", 403),
            ):
                with self.subTest(forwarded):
                    answer = self.show(self.shown.header, **{"X-Forwarded-For": forwarded})
                    self.assertEqual(answer.status_code, status, answer.text)
        self.bearer.allowed_addresses = "198.51.100.9"
        spoofed = {"X-Forwarded-For": "198.51.100.9"}
        self.refused(self.call(self.path, self.body(), spoofed), 403, "address_not_allowed")
        self.bearer.allowed_addresses = "127.0.0.1\n::1"
        self.assertEqual(self.call(self.path, self.body()).status_code, 202)
        with self.assertRaises(ValidationError):
            self.bearer.allowed_addresses = "pharmacy.example"

    # ------------------------------------------------------------------- the records

    def test_what_is_entered(self):
        certificates = self.env["hc.credential.certificate"].with_user(self.manager)
        own = {"credential_id": self.credential.id}
        [one] = self.credential.certificate_ids
        self.assertEqual(one.thumbprint, self.shown.fingerprint)
        self.assertEqual(one.subject, "CN=cabinet")
        for values in (
            {"thumbprint": "ab"},
            {"pem": "no certificate"},
            {"pem": self.shown.pem + issue("other").pem},
            {"credential_id": self.bearer.id, "thumbprint": "ab" * 32},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                certificates.create({**own, **values})
        with self.assertRaises(UserError):
            one.write({"not_after": "2099-01-01"})
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            certificates.create({**own, "pem": self.shown.pem})

    def test_not_in_use_without_a_certificate(self):
        credential = self.env["hc.credential"].create({"system_id": self.system.id, "kind": "mtls"})
        with self.assertRaises(UserError):
            credential.action_issue()
        with self.assertRaises(UserError):
            self.credential.action_rotate()

    def test_for_managers_only(self):
        operator = new_test_user(self.env, "hc.mtls.operator", f"{GROUP}operator")
        for record in (self.credential, self.credential.certificate_ids):
            with self.assertRaises(AccessError):
                record.with_user(operator).read(["id"])
        with self.assertRaises(AccessError):
            self.credential.with_user(operator).action_renew()
