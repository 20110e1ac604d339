# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..messaging import signature

HIDDEN = ("secret_sealed", "bearer_hash")


@tagged("post_install", "-at_install")
class TestCredential(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "hc.manager", "healthcare_integration_base.group_integration_manager"
        )
        cls.operator = new_test_user(
            cls.env, "hc.operator", "healthcare_integration_base.group_integration_operator"
        )
        cls.system = cls.env["hc.system"].create({"name": "Cabinet", "code": "cab"})
        cls.credentials = cls.env["hc.credential"].with_user(cls.manager)

    def make(self, **values):
        return self.credentials.create({"system_id": self.system.id, **values})

    def config(self, credential):
        return self.env["hc.system"]._wire_config().get(credential.key_id)

    def test_signature_secret_is_sealed(self):
        credential = self.make()
        self.assertIsNone(self.config(credential), "not known before it is issued")
        issued = credential._issue()
        config = self.config(credential)
        self.assertNotIn(issued.secret, config.secret_sealed)
        ring = self.env["hc.keyring"]._ring()
        self.assertEqual(ring.open(config.secret_sealed, config.aad).decode(), issued.secret)

    def test_sealed_secret_is_bound_to_its_record(self):
        first, second = self.make(), self.make()
        first._issue()
        second._issue()
        with self.assertRaises(ValueError):
            self.env["hc.keyring"]._ring().open(
                self.config(first).secret_sealed, self.config(second).aad
            )

    def test_bearer_is_hashed(self):
        credential = self.make(kind="bearer")
        key_id, secret = signature.parse_bearer(f"Bearer {credential._issue().bearer}")
        self.assertEqual(key_id, credential.key_id)
        stored = self.config(credential).bearer_hash
        self.assertNotIn(secret, stored)
        self.assertTrue(signature.bearer_matches(secret, stored))

    def test_shown_once(self):
        credential = self.make()
        action = credential.action_issue()
        self.assertIn("whsec_", action["context"]["default_secret"])
        self.assertTrue(credential.is_issued)
        with self.assertRaises(UserError):
            credential.action_issue()

    def test_reveal_stores_nothing(self):
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'hc_credential_reveal'"
        )
        columns = {name for (name,) in self.env.cr.fetchall()}
        self.assertFalse(columns & {"key_id", "secret", "bearer"})

    @mute_logger("odoo.models")
    def test_nobody_reads_a_secret_over_rpc(self):
        credential = self.make()
        credential._issue()
        for user in (self.env.ref("base.user_admin"), self.manager):
            records = self.env["hc.credential"].with_user(user)
            for name in HIDDEN:
                with self.subTest(user=user.login, field=name):
                    self._refuse_all(records, credential.id, name)

    def _refuse_all(self, records, record_id, name):
        ids = [record_id]
        calls = [
            ("read", [ids, [name]], {}),
            ("web_read", [ids, {name: {}}], {}),
            ("search", [[(name, "!=", False)]], {}),
            ("search_read", [[], [name]], {}),
            ("web_search_read", [[], {name: {}}], {}),
            ("read_group", [[], [name], [name]], {}),
            ("formatted_read_group", [[], [name]], {}),
            ("search", [[]], {"order": name}),
            ("write", [ids, {name: "x"}], {}),
            ("create", [{"system_id": self.system.id, name: "x"}], {}),
        ]
        for method, args, kwargs in calls:
            with self.subTest(method=method), self.assertRaises(UserError):
                call_kw(records, method, args, kwargs)
        with self.assertRaises(UserError):
            systems = self.env["hc.system"].with_user(records.env.user)
            call_kw(systems, "search", [[(f"credential_ids.{name}", "!=", False)]], {})
        exported = self._exported(records, ids, name)
        self.assertNotIn("hcs1", exported)
        self.assertNotIn("sha256", exported)
        self.assertNotIn(name, call_kw(records, "fields_get", [], {}))
        self.assertNotIn(name, call_kw(records, "read", [ids], {})[0])
        copied = records.browse(call_kw(records, "copy", [ids], {}))
        self.assertFalse(copied.is_issued)
        self.assertFalse(copied.sudo()[name])

    def _exported(self, records, ids, name):
        try:
            return str(call_kw(records, "export_data", [ids, [name]], {}))
        except UserError:
            return ""

    def test_keys_are_made_by_the_server(self):
        credential = self.make()
        for values in ({"key_id": "hck_mine"}, {"is_issued": True}, {"secret_sealed": "x"}):
            with self.subTest(values), self.assertRaises(UserError):
                credential.write(values)

    def test_rotation_overlaps(self):
        old = self.make()
        old._issue()
        action = old.action_rotate()
        new = self.credentials.search([("key_id", "=", action["context"]["default_key_id"])])
        self.assertNotEqual(new, old)
        left = old.valid_until - fields.Datetime.now()
        self.assertTrue(timedelta(days=6) < left <= timedelta(days=7))
        self.assertEqual(old.status, "expiring")
        self.assertEqual(new.status, "active")
        self.assertTrue(self.config(old) and self.config(new))

    def test_rotation_never_prolongs(self):
        soon = fields.Datetime.now() + timedelta(hours=1)
        old = self.make(valid_until=soon)
        old._issue()
        old._rotate()
        self.assertEqual(old.valid_until, soon)

    def test_revoked_is_known_as_such_and_final(self):
        credential = self.make()
        credential._issue()
        credential.action_revoke()
        self.assertTrue(self.config(credential).revoked)
        with self.assertRaises(UserError):
            credential.write({"state": "active"})
        with self.assertRaises(UserError):
            credential.action_rotate()

    def test_operator_has_no_part_in_it(self):
        credential = self.make()
        as_operator = credential.with_user(self.operator)
        for action in ("action_issue", "action_rotate", "action_revoke"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(as_operator, action)()
        with self.assertRaises(AccessError):
            as_operator.search([])

    def test_bound_to_channels_and_sources(self):
        channel = self.env["hc.channel"].create(
            {"name": "Use", "code": "use", "system_id": self.system.id}
        )
        credential = self.make(
            channel_ids=[(6, 0, channel.ids)], allowed_sources="urn:a \n\n urn:b"
        )
        credential._issue()
        config = self.config(credential)
        self.assertEqual(config.channel_ids, {channel.id})
        self.assertEqual(config.allowed_sources, {"urn:a", "urn:b"})

    def test_last_use_leaves_the_cache_alone(self):
        credential = self.make()
        credential._issue()
        with patch.object(type(self.env.registry), "clear_cache") as clear:
            credential.sudo().write({"last_used_at": fields.Datetime.now()})
            clear.assert_not_called()
            credential.write({"valid_until": fields.Datetime.now() + timedelta(days=1)})
            clear.assert_called()
