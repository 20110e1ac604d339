# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import inspect

from odoo import Command
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..engine import sealing
from .common import EngineCase

BASE = "healthcare_integration_base"
OURS = tuple(f"odoo.addons.{name}." for name in (BASE, "hc_"))
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDohYQ4C9GJuuCmW/FtPMJbrXSTcyZp1SGHpJm5iZ0Fp"
GENERIC = {
    "create": lambda ids: [[{}]],
    "read": lambda ids: [ids, ["id"]],
    "write": lambda ids: [ids, {"id": 1}],
    "unlink": lambda ids: [ids],
    "copy": lambda ids: [ids],
    "search": lambda ids: [[]],
    "search_count": lambda ids: [[]],
    "search_read": lambda ids: [[], ["id"]],
    "formatted_read_group": lambda ids: [[], [], ["__count"]],
    "web_read": lambda ids: [ids, {"display_name": {}}],
    "web_search_read": lambda ids: [[], {"display_name": {}}],
    "web_save": lambda ids: [ids, {}, {"display_name": {}}],
}
PARTICULAR = {
    "timeline": lambda ids: ["record", "hc.system,1"],
    "read_map": lambda ids: [],
}
CHANGES = ("create", "write", "unlink", "copy", "web_save")


class AccessCase(EngineCase):
    """A record of each model, and the entrance that RPC takes to them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = new_test_user(cls.env, "hc.portal", "base.group_portal")
        cls.plain = new_test_user(cls.env, "hc.plain", "base.group_user")
        cls.kind = cls.env["hc.message.type"].create(
            {
                "code": "test.noted",
                "contract_module": BASE,
                "contract_path": "tests/contracts/test.noted.v1.json",
            }
        )
        cls.system = cls.make_system("rights")
        cls.channel = cls.make_channel(cls.system, cls.kind)
        cls._fill()

    @classmethod
    def _fill(cls):
        """At least one record of each model that a person could reach for."""
        of_system = {"system_id": cls.system.id}
        cls.env["hc.credential"].create(of_system)._issue()
        cls.env["hc.site"].create({**of_system, "name": "North", "facility_code": "NORTH"})
        cls.env["hc.identifier"].create(
            {
                **of_system,
                "company_id": cls.env.company.id,
                "namespace": "vendor",
                "value": "V-1",
                "res_id": cls.env.company.partner_id.id,
            }
        )
        cls._fill_credentials()
        cls._fill_batch()
        cls._fill_retention()
        cls._fill_privacy()
        cls.env["hc.dirty.key"].create({"kind": "rights", "company_id": cls.env.company.id})
        sealing.seal(cls.env)
        cls.env["hc.audit.bundle"].create({})
        cls.env["hc.credential.reveal"].create({})
        cls.env["hc.audit.export"].create({"reason": "Rights"})
        cls.endpoint = cls.env["hc.endpoint"].create(
            {**of_system, "name": "Orders", "url": "https://partner.example/events"}
        )
        cls.channel._note_change("activate", "in_review", "Why")
        cls.env["hc.change.ask"].create(
            {"step": "retire", "channel_id": cls.channel.id, "reason": "Why"}
        )
        cls.env["hc.channel.pause"].create({"channel_id": cls.channel.id, "reason": "Rights"})
        cls.env["hc.rate.bucket"].create({**of_system, "tokens": 1})
        cls.env["hc.backlog"].create({"place": "rights", "lane_id": cls.lane.id})
        cls.domain = cls.env["hc.data.domain"].create({"name": "Notes", "code": "note"})
        cls.env["hc.ownership"].create({**of_system, "domain_id": cls.domain.id})
        cls.env["hc.exchange"].create({**of_system, "domain": "note", "subject": "0" * 32})
        cls.env["hc.mllp.port"].create(
            {
                **of_system,
                "name": "Beds",
                "client_ids": [Command.create({"name": "Engine", "fingerprint": "ab" * 32})],
            }
        )
        cls.env["hc.channel.mapping"].create(
            {
                "channel_id": cls.channel.id,
                "line_ids": [
                    Command.create(
                        {
                            "message_type_id": cls.kind.id,
                            "target": "/number",
                            "value_ids": [Command.create({"source": "1", "target": "one"})],
                        }
                    )
                ],
            }
        )

        cls.env["hc.field.policy"].create({"channel_id": cls.channel.id})
        cls.env["hc.field.count"].create(
            {
                "channel_id": cls.channel.id,
                "company_id": cls.env.company.id,
                "message_type_id": cls.kind.id,
                "pointer": "*",
                "day": "2026-01-01",
            }
        )

    @classmethod
    def _fill_credentials(cls):
        certificate = cls.env["hc.credential"].create({"system_id": cls.system.id, "kind": "mtls"})
        cls.env["hc.credential.certificate"].create(
            {"credential_id": certificate.id, "thumbprint": "cd" * 32}
        )
        cls.env["hc.credential.renew"].create({"credential_id": certificate.id})
        issuer = cls.env["hc.token.issuer"].create(
            {"name": "Login", "issuer": "https://login.example", "audience": "odoo"}
        )
        cls.env["hc.token.use"].create(
            {
                "issuer_id": issuer.id,
                "jti_digest": "0" * 64,
                "expires_at": "2099-01-01 00:00:00",
            }
        )
        ending = cls.env["hc.credential"].create(
            {"system_id": cls.system.id, "valid_until": "2099-01-01 00:00:00"}
        )
        ending._issue()

    @classmethod
    def _fill_retention(cls):
        cls.env["hc.retention.rule"].create(
            {"state": "done", "days": 1, "channel_id": cls.channel.id}
        )
        cls.env["hc.retention.run"]._sudo_start()
        scope = {"system_id": cls.system.id}
        cls.env["hc.legal.hold"].create({"name": "Claim", "reason": "Why", **scope})
        pseudonym = cls.env["hc.keyring"]._ring().pseudonym("patient", "MRN-1")
        erasure = cls.env["hc.erasure"]._sudo_request(pseudonym, "Why", "R-1")
        cls.env["hc.erasure.line"].create({"erasure_id": erasure.id, "label": "Records"})
        cls.env["hc.erasure.request"].create({"pseudonym": pseudonym, "reason": "Why"})
        restore = cls.env["hc.restore"].create(
            {"incident": "INC-1", "reason": "Why", "restored_to": "2026-01-01 00:00:00"}
        )
        restore.action_start()

    @classmethod
    def _fill_privacy(cls):
        key = cls.env["hc.pseudonym.key"].search([("domain", "=", "patient")], limit=1)
        cls.env["hc.pseudonym.key.decide"].create({"key_id": key.id, "reason": "Why"})
        cls.env["hc.channel.original.request"].create(
            {"channel_id": cls.channel.id, "reason": "Why"}
        )
        cls.env["hc.pseudonym.alias"].create(
            {"domain": "patient", "pseudonym": "hcp2_x", "known_as": "hcp1_x"}
        )

    @classmethod
    def _fill_batch(cls):
        channel = cls.make_channel(cls.system, cls.kind, code="files", sync_mode="scheduled_batch")
        store = cls.env["hc.file.store"].create(
            {
                "name": "Partner",
                "host": "sftp.example",
                "login": "hospital",
                "host_keys": HOST_KEY,
                "password": "secret",
            }
        )
        job = cls.env["hc.sync.job"].create(
            {
                "name": "Nightly",
                "channel_id": channel.id,
                "store_id": store.id,
                "message_type_id": cls.kind.id,
                "column_ids": [Command.create({"name": "value", "pointer": "/value"})],
            }
        )
        run = cls.env["hc.sync.run"].create({"job_id": job.id})
        cls.env["hc.sync.run.line"].create(
            {
                "run_id": run.id,
                "company_id": cls.env.company.id,
                "number": 1,
                "state": "invalid",
            }
        )

    def setUp(self):
        super().setUp()
        data = {"facility": "NORTH", "value": 1}
        self.message = self.send(self.channel, self.event(data, self.kind.name))
        # Nobody handles this type: it waits for a person, with an issue.
        self.drain()
        self.assertTrue(self.message.issue_id)
        self._fill_recovery()
        self._fill_original()
        self.env["hc.inflight"].create(
            {"lane_id": self.lane.id, "shard": 0, "message_ids": self.message.ids}
        )
        self.env["hc.delivery"].create(
            {"message_id": self.message.id, "endpoint_id": self.endpoint.id}
        )
        self.env["hc.shadow.plan"].create(
            {
                "message_id": self.message.id,
                "channel_id": self.channel.id,
                "company_id": self.env.company.id,
            }
        )
        self.env["hc.effect"].create(
            {
                "message_id": self.message.id,
                "company_id": self.env.company.id,
                "role": "note",
                "res_model": "res.partner",
                "res_id": self.env.company.partner_id.id,
            }
        )

    def _fill_original(self):
        """A sealed original of the message, and somebody who asks for it."""
        message = self.message
        place = {"message_id": message.id, "company_id": message.company_id.id}
        self.env["hc.message.original"].create(
            {
                **place,
                "channel_id": message.channel_id.id,
                "sealed": "sealed",
                "expires_at": "2100-01-01 00:00:00",
            }
        )
        self.env["hc.original.ask"].create({"message_id": message.id, "reason": "Why"})
        self.env["hc.original.access"].create(
            {
                **place,
                "reason": "Why",
                "requested_by_id": self.env.uid,
                "requested_at": "2026-01-01 00:00:00",
            }
        )

    def _fill_recovery(self):
        """What an operator leaves who has the message handled again."""
        chosen = [("id", "in", self.message.ids)]
        self.env["hc.replay"]._sudo_prepare(chosen, "Rights", False, 50)
        self.env["hc.replay.prepare"]._open(chosen)
        self.env["hc.message.decide"].create({"message_ids": self.message.ids})
        self.message.action_retry()
        self.drain()

    # -------------------------------------------------------------------- helpers

    def ids_of(self, name):
        """A record to try it on; abstract models have none, and the right comes first."""
        model = self.env[name]
        if model._abstract:
            return [1]
        domain = []
        if name == "hc.system":
            domain = [("id", "=", self.system.id)]
        elif "system_id" in model._fields and model._fields["system_id"].store:
            domain = [("system_id", "=", self.system.id)]
        return model.sudo().with_context(active_test=False).search(domain, limit=1).ids or [1]

    def our_models(self):
        return sorted(name for name in self.registry if name.startswith("hc."))

    def our_tables(self):
        """Models of ours that have a record to try it on."""
        names = [name for name in self.our_models() if not self.env[name]._abstract]
        return [name for name in names if self.env[name].search_count([], limit=1)]

    def our_methods(self):
        """``(model, method)`` of all that our addons define without an underscore."""
        for name in sorted(self.registry):
            if name == "hc.traced.mixin":
                continue
            found = {
                method
                for cls in type(self.env[name]).mro()
                if cls.__module__.startswith(OURS)
                for method, value in vars(cls).items()
                if not method.startswith("_") and inspect.isfunction(value)
            }
            yield from ((name, method) for method in sorted(found))

    def call(self, user, name, method, args=None):
        model = self.env[name].with_user(user).with_context(allowed_company_ids=None)
        if args is None:
            given = {**GENERIC, **PARTICULAR}.get(method, lambda ids: [ids])
            args = given(self.ids_of(name))
        with self.env.cr.savepoint():
            result = call_kw(model, method, args, {})
            self.env.flush_all()
            return result

    def refused(self, user, name, method):
        """It is refused for want of a right, and not by accident."""
        try:
            answer = self.call(user, name, method)
        except AccessError:
            return True
        except Exception as error:  # told below: something else happened before the right
            self.fail(f"{name}.{method} as {user.login}: {error!r}")
        return f"{name}.{method} as {user.login} answers {answer!r}"

    def assert_all_refused(self, user, calls):
        calls = list(calls)
        self.assertTrue(calls)
        with mute_logger("odoo.models", "odoo.addons.base.models.ir_rule", "odoo.sql_db"):
            answers = {call: self.refused(user, *call) for call in calls}
        open_doors = [answer for answer in answers.values() if answer is not True]
        self.assertFalse(open_doors, "\n".join(open_doors))


@tagged("post_install", "-at_install")
class TestAccess(AccessCase):
    """Who has no business here gets nothing, by the entrance that RPC takes."""

    def test_there_is_something_to_try(self):
        methods = set(self.our_methods())
        for one in (
            ("hc.channel", "action_activate"),
            ("hc.credential", "action_issue"),
            ("hc.issue", "action_fix"),
            ("hc.message", "action_retry"),
            ("res.users", "write"),
        ):
            self.assertIn(one, methods)
        ours = {name for name in self.our_models() if self.env[name]._module == BASE}
        real = {name for name in ours if not self.env[name]._abstract}
        self.assertFalse(real.difference(self.our_tables()))

    def test_methods_for_strangers(self):
        for user in (self.portal, self.plain):
            with self.subTest(user.login):
                self.assert_all_refused(user, self.our_methods())

    def test_records_for_strangers(self):
        for user in (self.portal, self.plain):
            with self.subTest(user.login):
                self.assert_all_refused(
                    user,
                    [(name, method) for name in self.our_tables() for method in GENERIC],
                )

    def test_buttons_for_a_system(self):
        """It may see its own system; what a button opens shows no more than that."""
        self.assert_all_refused(
            self.system.user_id,
            [
                (name, method)
                for name, method in self.our_methods()
                if not method.startswith("action_open") and method not in ("copy_data", "rows")
            ],
        )

    def test_records_for_a_system(self):
        readable = {
            name
            for name in self.our_models()
            if self.env[name].with_user(self.system.user_id).has_access("read")
        }
        self.assertLessEqual(
            {"hc.message", "hc.credential", "hc.issue", "hc.audit.event", "hc.dirty.key"},
            set(self.our_models()) - readable,
        )
        self.assert_all_refused(
            self.system.user_id,
            [
                (name, method)
                for name in self.our_tables()
                for method in (CHANGES if name in readable else GENERIC)
            ],
        )

    def test_private_methods_are_not_called(self):
        manager = new_test_user(self.env, "hc.chief", f"{BASE}.group_integration_manager")
        for name, method in (
            ("hc.lane", "_drain"),
            ("hc.lane", "_cron_drain"),
            ("hc.message", "_sudo_resume"),
            ("hc.credential", "_issue"),
            ("hc.audit.event", "_append"),
            ("hc.audit.event", "init"),
            ("hc.system", "_wire_config"),
            ("hc.keyring", "_ring"),
        ):
            with self.subTest(f"{name}.{method}"):
                self.assertIs(self.refused(manager, name, method), True)

    def groups_that_read(self, names):
        """All groups of people that may read one of these models."""
        granted = self.env["ir.model.access"].search(
            [("model_id.model", "in", names), ("perm_read", "=", True)]
        )
        return granted.group_id - self.env.ref(f"{BASE}.group_system_user")

    def test_other_company_sees_nothing(self):
        company = self.env["res.company"].create({"name": "Other hospital"})
        stranger = new_test_user(
            self.env,
            "hc.elsewhere",
            f"{BASE}.group_integration_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        stranger.group_ids += self.groups_that_read(self.our_models())
        tried = 0
        for name in self.our_models():
            model = self.env[name]
            field = model._fields.get("company_id")
            if model._abstract or model._transient or not (field and field.store):
                continue
            if not self.groups_that_read([name]):
                continue  # nobody reads it, wherever they are
            domain = [("company_id", "=", self.env.company.id)]
            there = model.sudo().with_context(active_test=False).search(domain, limit=5)
            seen = model.with_user(stranger).with_context(active_test=False)
            with self.subTest(name):
                self.assertFalse(seen.search(domain))
                tried += bool(there)
            for record in there:
                with self.subTest(record), self.assertRaises(AccessError):
                    record.with_user(stranger).read(["company_id"])
        self.assertGreaterEqual(tried, 9)
