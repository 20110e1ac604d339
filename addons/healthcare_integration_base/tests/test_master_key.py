# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import os
from contextlib import suppress
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..engine.entry import entry
from ..engine.ledger import Group, Ledger
from ..messaging import envelope
from ..messaging.keyring import sealed_with
from ..models import hc_master_key
from .common import EngineCase
from .test_access import HOST_KEY

OLD, NEW, THIRD = (base64.b64encode(bytes([n]) * 32).decode() for n in (7, 8, 9))


class SealedCase(EngineCase):
    """Secrets of each kind, sealed under a master key of the test's own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.variables = patch.dict(os.environ)
        cls.variables.start()
        cls.addClassCleanup(cls.env["hc.keyring"]._forget)
        cls.addClassCleanup(cls.variables.stop)
        cls.load(OLD)
        cls.system = cls.make_system("sealed")
        cls.make_secrets()

    @classmethod
    def load(cls, present, *previous):
        """Start with these keys, as a process would."""
        os.environ["HC_MASTER_KEY"] = present
        os.environ.pop("HC_MASTER_KEY_PREVIOUS", None)
        os.environ.pop("HC_MASTER_KEY_PREVIOUS_FILE", None)
        if previous:
            os.environ["HC_MASTER_KEY_PREVIOUS"] = ", ".join(previous)
        cls.env["hc.keyring"]._forget()

    @classmethod
    def make_secrets(cls):
        """One value at least in each column of the base."""
        of_system = {"system_id": cls.system.id}
        cls.credential = cls.env["hc.credential"].create(of_system)
        cls.signing = cls.credential._issue().secret
        cls.endpoint = cls.env["hc.endpoint"].create(
            {**of_system, "name": "Orders", "url": "https://partner.example/", "auth": "bearer"}
        )
        cls.endpoint.secret = "canary-endpoint-secret"
        cls.store = cls.env["hc.file.store"].create(
            {
                "name": "Partner",
                "host": "sftp.example",
                "login": "hospital",
                "host_keys": HOST_KEY,
                "password": "canary-store-password",
            }
        )
        cls.port = cls.env["hc.mllp.port"].create({**of_system, "name": "Beds"})
        cls.port.private_key = "canary-port-key"
        cls.make_original()
        cls.env.flush_all()

    @classmethod
    def make_original(cls):
        """What a sender wrote, sealed as the engine does it."""
        channel = cls.make_channel(cls.system, cls.make_noted(), original_state="on")
        channel.sudo().original_hours = 1
        ring = cls.env["hc.keyring"]._ring()
        config = next(one for one in cls.system._wire_system().channels if one.id == channel.id)
        body = {"facility": "F", "value": 1}
        raw = {"specversion": "1.0", "id": "e", "source": "s", "type": "test.noted.v1"}
        event = envelope.parse_structured({**raw, "data": body}, fallback_id=None)
        group = Group([entry(config, event, ring)], original=b"canary-original")
        ledger = Ledger(cls.env, cls.system._wire_system())
        ledger._transaction(Uncommitted(cls.env.cr), [group])
        cls.original = cls.env["hc.message.original"].search([("channel_id", "=", channel.id)])


class Uncommitted:
    """The class's cursor, for the engine, which commits."""

    def __init__(self, cr):
        self._cr = cr

    def __getattr__(self, name):
        return getattr(self._cr, name)

    def commit(self):
        """The class's transaction is rolled back at its end."""


@tagged("post_install", "-at_install")
class TestMasterKey(SealedCase):
    def setUp(self):
        super().setUp()
        self.load(OLD)

    def rotate(self):
        """All of it, with the transactions of its own."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            stuck = self.env["hc.master.key"]._rotate()
        self.env.invalidate_all()
        return {str(place): ids for place, ids in stuck.items()}

    def status(self):
        return self.env["hc.master.key"]._status()

    def assert_readable(self):
        config = self.env["hc.system"]._wire_config()[self.credential.key_id]
        ring = self.env["hc.keyring"]._ring()
        self.assertEqual(ring.open(config.secret_sealed, config.aad).decode(), self.signing)
        self.assertEqual(self.endpoint._sudo_unseal("secret"), "canary-endpoint-secret")
        self.assertEqual(self.store._unsealed("password"), "canary-store-password")
        self.assertEqual(self.port._sudo_tls().key, "canary-port-key")
        self.assertEqual(self.original._opened(), "canary-original")

    def test_every_sealed_column_is_known(self):
        """Whoever adds one names it in ``_sealed_columns``, or a rotation would leave it."""
        named = {(place.model, place.column) for place in self.env["hc.master.key"]._places()}
        found = {
            (name, field.name)
            for name in self.registry
            if name.startswith("hc.") and not self.env[name]._abstract
            for field in self.env[name]._fields.values()
            if field.store and (field.name.endswith("_sealed") or field.name == "sealed")
        }
        self.assertTrue(found)
        self.assertFalse({one for one in found if self.is_value(*one)} - named)

    def is_value(self, name, column):
        return self.env[name]._fields[column].type in ("char", "text", "binary")

    def test_rotation(self):
        before = self.status()
        self.assertFalse(before.idle + before.lost)
        self.load(NEW, OLD)
        self.assert_readable()
        waiting = self.status()
        self.assertEqual(waiting.under(waiting.present), 0)
        self.assertEqual(waiting.total, before.total)
        self.assertGreaterEqual(waiting.total, 4)
        self.assertFalse(self.rotate())
        done = self.status()
        self.assertEqual(done.under(done.present), done.total)
        self.assertEqual(done.present, waiting.present)
        self.assert_readable()
        self.assertFalse(self.env["hc.master.key"]._check())
        # What it opens is all anew; what it digests and pseudonymizes stays what it is.
        self.assertFalse(done.idle)
        self.assertIn("digests", " ".join(done.needed.values()))
        self.load(NEW)
        with self.assertRaises(UserError) as caught:
            self.env["hc.keyring"]._ring()
        self.assertIn(before.present, str(caught.exception))

    def test_digests_and_pseudonyms_outlive_it(self):
        def made():
            ring = self.env["hc.keyring"]._ring()
            return ring.digest_key, ring.surrogate("x"), ring.pseudonyms("patient", "MRN-1")

        before = made()
        for keys in ((NEW, OLD), (THIRD, NEW, OLD)):
            self.load(*keys)
            self.rotate()
            self.assertEqual(made(), before)

    def test_new_secrets_are_sealed_with_the_present_key(self):
        self.load(NEW, OLD)
        self.endpoint.secret = "another"
        present = self.env["hc.keyring"]._ring().sealing_id
        self.assertEqual(sealed_with(self.endpoint.sudo().secret_sealed), present)

    def test_goes_on_where_it_was_killed(self):
        """Batch by batch: what was done stays done."""
        credentials = self.env["hc.credential"].create([{"system_id": self.system.id}] * 5)
        for credential in credentials:
            credential._issue()
        self.env.flush_all()
        self.load(NEW, OLD)
        batch = type(self.env["hc.master.key"])._batch
        calls = []

        def killed(model, place, after):
            calls.append(place)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return batch(model, place, after)

        with (
            patch.object(hc_master_key, "BATCH", 2),
            patch.object(type(self.env["hc.master.key"]), "_batch", killed),
            suppress(KeyboardInterrupt),  # assertRaises would take back what was committed
        ):
            self.rotate()
        self.assertEqual(len(calls), 3)
        self.env.invalidate_all()
        half = self.status()
        self.assertTrue(0 < half.under(half.present) < half.total)
        self.assert_readable()
        with patch.object(hc_master_key, "BATCH", 2):
            self.assertFalse(self.rotate())
        done = self.status()
        self.assertEqual(done.under(done.present), done.total)
        self.assert_readable()

    def test_a_value_that_no_key_opens(self):
        """It is named, and the others go on."""
        other = self.env["hc.credential"].create({"system_id": self.system.id})
        other._issue()
        other.sudo().secret_sealed = self.credential.sudo().secret_sealed
        self.env.flush_all()
        self.load(NEW, OLD)
        self.assertEqual(self.rotate(), {"hc.credential.secret_sealed": other.ids})
        self.assert_readable()
        broken = self.env["hc.master.key"]._check()
        self.assertEqual(
            {str(p): ids for p, ids in broken.items()}, {"hc.credential.secret_sealed": other.ids}
        )

    def test_a_key_that_is_missing(self):
        self.load(THIRD, NEW)
        status = self.status()
        self.assertEqual(len(status.lost), 1)
        self.assertTrue(self.rotate())

    def test_rotation_is_in_the_trail(self):
        self.load(NEW, OLD)
        self.rotate()
        events = self.env["hc.audit.event"].search([("action", "=", "key.resealed")])
        self.assertIn("hc.credential.secret_sealed", events.mapped("object"))
        self.assertNotIn("hcs1", str(events.read()))

    def test_a_previous_key_that_cannot_be_read(self):
        self.load(NEW, "short")
        with self.assertRaises(UserError) as caught:
            self.env["hc.keyring"]._ring()
        self.assertNotIn("short", str(caught.exception))
