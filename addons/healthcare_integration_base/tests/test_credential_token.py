# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import ssl
from unittest.mock import patch

import trustme
from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..engine import token_uses
from .outbound_common import Reaching
from .provider import AUDIENCE, ISSUER, Provider
from .receiver import Receiver, answer, drop
from .test_door import DoorCase

GROUP = "healthcare_integration_base.group_integration_"


class TokenCase(Reaching, DoorCase):
    """A provider whose client is the system of the door's tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "hc.token.manager", f"{GROUP}manager")
        cls.provider = Provider()
        cls.issuer = (
            cls.env["hc.token.issuer"]
            .with_user(cls.manager)
            .create(
                {
                    "name": "Hospital login",
                    "issuer": ISSUER,
                    "audience": AUDIENCE,
                    "allow_ps256": True,
                    "allow_eddsa": True,
                    "jwks": cls.provider.key_set(),
                }
            )
        )
        cls.client = cls.make_client("cabinet")

    @classmethod
    def make_client(cls, value, **values):
        """A credential in use, for a client of the provider."""
        made = (
            cls.env["hc.credential"]
            .with_user(cls.manager)
            .create(
                {
                    "name": value,
                    "system_id": cls.system.id,
                    "kind": "oauth",
                    "issuer_id": cls.issuer.id,
                    "token_value": value,
                    **values,
                }
            )
        )
        made.action_issue()
        return made

    def send_with(self, token):
        return self.call(self.path, self.body(), {"Authorization": f"Bearer {token}"})


@tagged("post_install", "-at_install")
class TestCredentialToken(TokenCase):
    def test_known_by_its_token(self):
        for kid, algorithm in (("rsa-1", "PS256"), ("ec-1", "ES256"), ("ed-1", "EdDSA")):
            token = self.provider.token(kid, algorithm)
            for _time in range(2):
                self.assertEqual(self.send_with(token).status_code, 202)

    def test_known_by_its_subject(self):
        self.make_client("service-account-lab", token_claim="subject")
        token = self.provider.token(client_id="lab", sub="service-account-lab")
        self.assertEqual(self.send_with(token).status_code, 202)
        both = self.provider.token(client_id="cabinet", sub="service-account-lab")
        self.refused(self.send_with(both), 401, "token_unknown")

    def test_refused(self):
        """The whole matrix is in tests/unit/test_tokens.py; here is how the door says it."""
        stranger = Provider()
        stranger.add_key("ec-9")
        for token, code in (
            (self.provider.token(client_id="another"), "token_unknown"),
            (self.provider.token(iss="https://elsewhere.example"), "token_invalid"),
            (self.provider.token(jti=None), "token_invalid"),
            (self.provider.token(iat=1, nbf=1, exp=100), "token_expired"),
            (stranger.token("ec-9"), "token_key_unknown"),
            (stranger.token("ec-1"), "token_invalid"),
            ("a.b.c", "token_invalid"),
        ):
            with self.subTest(code):
                response = self.send_with(token)
                self.refused(response, 401, code)
                said = response.headers["WWW-Authenticate"]
                self.assertEqual(said.partition(" ")[0], "Bearer")
                self.assertIn('error="invalid_token"', said)

    def test_scopes(self):
        self.client.token_scopes = "hc.write hc.admin"
        response = self.send_with(self.provider.token())
        self.refused(response, 403, "scope_missing")
        self.assertIn("insufficient_scope", response.headers["WWW-Authenticate"])
        good = self.provider.token(scope="hc.admin hc.write more")
        self.assertEqual(self.send_with(good).status_code, 202)

    def test_revoked_and_known_anew(self):
        token = self.provider.token()
        self.client.action_revoke()
        self.refused(self.send_with(token), 401, "credential_revoked")
        self.make_client("cabinet")
        self.assertEqual(self.send_with(token).status_code, 202)

    def test_archived_provider(self):
        self.issuer.active = False
        self.refused(self.send_with(self.provider.token()), 401, "token_invalid")

    def test_settings_are_kept_to(self):
        plain = self.provider.token(headers={"typ": "JWT"})
        self.refused(self.send_with(plain), 401, "token_invalid")
        self.issuer.takes_plain = True
        self.assertEqual(self.send_with(plain).status_code, 202)
        self.issuer.max_lifetime_seconds = 60
        self.refused(self.send_with(plain), 401, "token_invalid")
        self.issuer.write({"max_lifetime_seconds": 3600, "allow_es256": False})
        self.refused(self.send_with(plain), 401, "token_invalid")

    def test_only_its_channels(self):
        other = self.make_channel(self.system, self.noted, code="other")
        self.client.channel_ids = [Command.set(other.ids)]
        self.refused(self.send_with(self.provider.token()), 403, "forbidden")

    # ----------------------------------------------------------------- used once

    def test_for_one_request(self):
        self.issuer.use_policy = "once"
        token = self.provider.token()
        self.assertEqual(self.send_with(token).status_code, 202)
        self.refused(self.send_with(token), 401, "token_replayed")
        self.assertEqual(self.send_with(self.provider.token()).status_code, 202)
        [first, _second] = self.env["hc.token.use"].search([("issuer_id", "=", self.issuer.id)])
        self.assertRegex(first.jti_digest, "^[0-9a-f]{64}$")
        self.assertGreater(first.expires_at, fields.Datetime.now())

    def test_a_refused_request_leaves_the_token(self):
        self.issuer.use_policy = "once"
        self.client.allowed_addresses = "198.51.100.1"
        token = self.provider.token()
        self.refused(self.send_with(token), 403, "address_not_allowed")
        self.client.allowed_addresses = False
        self.assertEqual(self.send_with(token).status_code, 202)

    def test_expired_ones_are_forgotten(self):
        uses = self.env["hc.token.use"]
        now = fields.Datetime.now()
        for minutes in (-10, 10):
            uses.create(
                {
                    "issuer_id": self.issuer.id,
                    "jti_digest": str(minutes),
                    "expires_at": fields.Datetime.add(now, minutes=minutes),
                }
            )
        uses._sudo_forget_expired()
        self.assertEqual(uses.search([("issuer_id", "=", self.issuer.id)]).jti_digest, "10")

    # ------------------------------------------------------------------- the keys

    def publish(self, **values):
        """Have the keys fetched from a server that really listens, with TLS."""
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        receiver = Receiver(answer(200, self.provider.key_set().encode()), context=context)
        self.issuer.write(
            {
                "jwks_url": receiver.url("/certs"),
                "ca_bundle": authority.cert_pem.bytes().decode(),
                "allow_private": True,
                **values,
            }
        )
        return receiver

    def refresh(self):
        """The scheduled action, in its own transaction."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr, user=SUPERUSER_ID)["hc.token.issuer"]._cron_refresh()
        self.env.invalidate_all()

    def test_fetched_with_the_next_key(self):
        token_uses._wished.clear()
        with self.publish() as receiver:
            self.issuer.action_fetch_keys()
            self.assertFalse(self.issuer.fetch_problem)
            self.provider.add_key("ec-2")
            receiver.now_answer(answer(200, self.provider.key_set().encode()))
            token = self.provider.token("ec-2")
            # The cursors of a test are one: what a refused request rolls back takes along what
            # another connection would have committed, so the calls are counted.
            crons, wished = type(self.env["ir.cron"]), []
            with patch.object(crons, "_trigger", lambda cron: wished.append(cron.id)):
                for _time in range(3):
                    self.refused(self.send_with(token), 401, "token_key_unknown")
            asked = self.env.ref(token_uses.CRON).ids
            self.assertEqual(wished, asked, "at most once a minute, however many come")
            self.assertEqual(len(receiver.requests), 1, "never while a request waits")
            self.refresh()
            self.assertEqual(self.send_with(token).status_code, 202)
            self.assertIn("ec-2", self.issuer.key_names)

    def test_old_keys_stay_when_fetching_fails(self):
        with self.publish() as receiver:
            for wrong, sentence in (
                (answer(500, b"{}"), "answers with 500"),
                (answer(302, b"", Location="https://elsewhere.example"), "answers with 302"),
                (answer(200, b"<html>"), "no JSON Web Key Set"),
                (answer(200, b'{"keys": []}'), "no key"),
                (answer(200, b"x" * 200_000), "answers with 200"),
                (drop, "cannot be read"),
            ):
                receiver.now_answer(wrong)
                self.issuer.action_fetch_keys()
                self.assertIn(sentence, self.issuer.fetch_problem)
        self.assertEqual(self.send_with(self.provider.token()).status_code, 202)

    def test_addresses_of_keys(self):
        with self.publish(allow_private=False) as receiver:
            self.issuer.action_fetch_keys()
            self.assertIn("address", self.issuer.fetch_problem)
            self.assertFalse(receiver.requests)
        with self.publish(ca_bundle=False) as receiver:
            self.issuer.action_fetch_keys()
            self.assertIn("tls", self.issuer.fetch_problem)
        for url in ("http://login.example/certs", "file:///etc/passwd", "https://u:p@x.example/"):
            with self.subTest(url), self.assertRaises(ValidationError):
                self.issuer.jwks_url = url

    # ------------------------------------------------------------------ the records

    def test_what_is_entered(self):
        for values in (
            {"jwks": "{}"},
            {"jwks": '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'},
            {
                "allow_rs256": False,
                "allow_ps256": False,
                "allow_es256": False,
                "allow_eddsa": False,
            },
            {"issuer": "login.example"},
            {"ca_bundle": "no certificate"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.issuer.write(values)
        with self.assertRaises(UserError):
            self.issuer.write({"fetched_at": fields.Datetime.now()})
        with self.assertRaises(UserError):
            self.env["hc.credential"].create(
                {"system_id": self.system.id, "kind": "oauth", "issuer_id": self.issuer.id}
            ).action_issue()

    @mute_logger("odoo.sql_db")
    def test_a_client_is_one_system(self):
        with self.assertRaises(UniqueViolation):
            self.make_client("cabinet")

    def test_provider_of_another_company(self):
        company = self.env["res.company"].create({"name": "Another hospital"})
        theirs = self.make_system("theirs", company_id=company.id)
        values = {"system_id": theirs.id, "kind": "oauth", "issuer_id": self.issuer.id}
        with self.assertRaises(ValidationError):
            self.env["hc.credential"].create(values)
        self.issuer.sudo().company_id = False
        self.assertTrue(self.env["hc.credential"].create(values))

    def test_viewers_see_providers_and_change_nothing(self):
        viewer = new_test_user(self.env, "hc.token.viewer", f"{GROUP}viewer")
        seen = self.issuer.with_user(viewer)
        self.assertEqual(seen.read(["audience"])[0]["audience"], AUDIENCE)
        with self.assertRaises(AccessError):
            seen.write({"audience": "https://elsewhere.example"})
        with self.assertRaises(AccessError):
            seen.action_fetch_keys()
