# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import EngineCase

BASE = "healthcare_integration_base"
# Of the engine, not of people; or seen as part of what is governed.
UNGOVERNED = {
    "hc.audit.checkpoint",
    "hc.audit.event",
    "hc.audit.log",
    "hc.backlog",
    "hc.change",
    "hc.delivery",
    "hc.dirty.key",
    "hc.effect",
    "hc.erasure.line",
    "hc.exchange",
    "hc.expiry",
    "hc.field.count",
    "hc.inflight",
    "hc.message.attempt",
    "hc.message.decision",
    "hc.message.original",
    "hc.original.access",
    "hc.pseudonym.alias",
    "hc.pseudonym.key",
    "hc.rate.bucket",
    "hc.replay.line",
    "hc.restore.line",
    "hc.retention.run.line",
    "hc.shadow.plan",
    "hc.sync.run.line",
    "hc.token.use",
}


@tagged("post_install", "-at_install")
class TestGoverned(EngineCase):
    """Whoever changes a setting, the trail tells who, what and why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        roles = {"viewer": "integration_viewer", "manager": "integration_manager"}
        for role, group in {**roles, "auditor": "auditor"}.items():
            user = new_test_user(cls.env, f"hc.governed.{role}", f"{BASE}.group_{group}")
            setattr(cls, role, user)
        cls.admin = cls.env.ref("base.user_admin")
        cls.noted = cls.make_noted()
        cls.system = cls.make_system("governed")
        cls.channel = cls.make_channel(cls.system, cls.noted)

    def setUp(self):
        super().setUp()
        self.mark()

    def mark(self):
        """What is told from now on is looked at."""
        self.env.flush_all()
        self.last = self.env["hc.audit.event"].search([], order="id desc", limit=1).id

    def told(self, *domain):
        """What the trail tells since the test began, oldest first."""
        self.env.flush_all()
        events = self.env["hc.audit.event"]
        return events.search([("id", ">", self.last), *domain], order="id")

    def change(self, record, **values):
        record.with_user(self.manager).write(values)
        return self.told()

    def test_plain_settings_with_their_values_and_the_reason(self):
        event = self.change(self.channel, max_age_days=30, change_reason="Old orders come back")
        self.assertEqual((event.action, event.user_id), ("config.changed", self.manager))
        self.assertEqual(event.object, f"hc.channel,{self.channel.id}")
        self.assertEqual(event.details["values"], {"max_age_days": [365, 30]})
        self.assertEqual(event.reason, "Old orders come back")
        self.assertEqual(event.contract, self.noted.name)
        self.assertEqual((event.system_id, event.company_id), (self.system, self.env.company))
        self.assertTrue(event.before_digest and event.before_digest != event.after_digest)

    def test_texts_by_digest_alone(self):
        event = self.change(self.channel, fallback="Call Mrs Example", name="Ward of Mrs Example")
        self.assertEqual(event.details["fields"], ["fallback", "name"])
        self.assertFalse(event.details["values"])
        self.env.cr.execute("SELECT e::text FROM hc_audit.event e WHERE id = %s", [event.id])
        self.assertNotIn("Example", self.env.cr.fetchone()[0])

    def test_what_changes_nothing_is_not_told(self):
        self.assertFalse(self.change(self.channel, max_age_days=365, name=self.channel.name))

    def test_many_records_in_one_statement(self):
        systems = self.system | self.make_system("governed-too")
        self.mark()
        self.env.invalidate_all()
        systems.with_user(self.manager).region = "North"
        self.env.flush_all()
        append = "SELECT hc_audit.append(%s::jsonb)"
        with self.assertQueries([append], flush=False):
            systems._tell_changes(
                "config.changed",
                {one.id: {"rate_burst": 1} for one in systems},
                {one.id: {"rate_burst": 2} for one in systems},
                [None, None],
            )

    def test_a_secret_is_never_told(self):
        credential = self.env["hc.credential"].create({"system_id": self.system.id})
        self.mark()
        secret = credential.with_user(self.manager)._issue().secret
        event = self.told()
        self.assertEqual(event.details["fields"], ["is_issued", "secret_sealed"])
        self.assertEqual(event.details["values"], {"is_issued": [False, True]})
        told = str(event.read())
        self.assertNotIn(secret, told)
        self.assertNotIn(credential.sudo().secret_sealed, told)

    def test_what_the_engine_writes_is_not_told(self):
        credential = self.env["hc.credential"].create({"system_id": self.system.id})
        self.mark()
        credential.sudo().last_used_at = "2026-01-01 00:00:00"
        self.lane.signalled = True
        self.assertFalse(self.told())

    def test_made_and_deleted_with_all_that_goes_along(self):
        site = {"system_id": self.system.id, "name": "North", "facility_code": "NORTH"}
        self.env["hc.site"].create(site)
        made = self.told()
        self.assertEqual((made.action, made.before_digest), ("config.created", False))
        self.mark()
        self.env["hc.channel.mapping"].create(
            {
                "channel_id": self.channel.id,
                "line_ids": [Command.create({"target": "/number", "source": "no"})],
            }
        )
        self.mark()
        self.system.with_user(self.manager).unlink()
        gone = self.told(("action", "=", "config.deleted"))
        self.assertEqual(
            {name.partition(",")[0] for name in gone.mapped("object")},
            {
                "hc.system",
                "hc.channel",
                "hc.site",
                "hc.channel.mapping",
                "hc.channel.mapping.line",
            },
        )
        self.assertEqual(gone.user_id, self.manager)
        self.assertFalse(any(gone.mapped("after_digest")))

    def test_refused_changes_change_nothing(self):
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self.channel.with_user(self.viewer).write({"max_age_days": 1})
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self.channel.with_user(self.auditor).write({"max_age_days": 1})
        self.assertFalse(self.told())

    def test_history_of_every_governed_record(self):
        """The button is in each form, opens for who may read the trail, and for nobody else."""
        governed = self.env.registry.descendants(["hc.history.mixin"], "_inherit")
        real = sorted(name for name in governed if not self.env[name]._abstract)
        self.assertGreaterEqual(len(real), 25)
        for name in real:
            with self.subTest(name):
                arch = self.env[name].with_user(self.admin).get_view(view_type="form")["arch"]
                if "<sheet" in arch:
                    self.assertEqual(arch.count('name="action_open_history"'), 1)
                plain = self.env[name].with_user(self.viewer)
                if plain.has_access("read"):
                    self.assertNotIn(
                        "action_open_history", plain.get_view(view_type="form")["arch"]
                    )
        self.change(self.channel, max_age_days=30)
        for user in (self.manager, self.auditor):
            action = self.channel.with_user(user).action_open_history()
            found = self.env[action["res_model"]].with_user(user).search(action["domain"])
            self.assertIn("config.changed", found.mapped("action"))
        with self.assertRaises(AccessError):
            self.channel.with_user(self.viewer).action_open_history()

    def test_every_setting_is_governed(self):
        """A new model is governed, has a history, or is named above with the engine's own."""
        known = self.env.registry.descendants(["hc.history.mixin"], "_inherit") | UNGOVERNED
        ours = [self.env[name] for name in self.env.registry if name.startswith("hc.")]
        lasting = [one for one in ours if not (one._abstract or one._transient)]
        names = {model._name for model in lasting if model._module == BASE}
        self.assertFalse(names - set(known))

    def test_reason_is_asked_of_managers(self):
        for user, asked in ((self.manager, True), (self.viewer, False)):
            arch = self.env["hc.channel"].with_user(user).get_view(view_type="form")["arch"]
            self.assertEqual('name="change_reason"' in arch, asked)
        self.assertFalse(self.channel.change_reason)
