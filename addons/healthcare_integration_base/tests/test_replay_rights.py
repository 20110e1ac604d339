# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, JsonRpcException, new_test_user, tagged

from .test_recovery import BASE
from .test_replay import ReplayCase


@tagged("post_install", "-at_install")
class TestReplayRights(ReplayCase):
    """Who sees, who replays, who approves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = new_test_user(cls.env, "rec.other", f"{BASE}.group_integration_manager")

    def ask(self, messages, user):
        wizard = self.prepare(messages, user)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            wizard.action_dry_run()
        return self.env["hc.replay"].browse(wizard.action_start()["res_id"])

    def test_viewer(self):
        messages = self.stuck(1)
        with self.assertRaises(AccessError):
            self.prepare(messages, self.viewer)
        replay = self.start(messages)
        seen = replay.with_user(self.viewer)
        self.assertEqual((seen.state, seen.line_ids.state), ("running", "waiting"))
        for method in ("action_start", "action_approve", "action_pause", "action_cancel"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(seen, method)()

    def test_second_person(self):
        self.channel.replay_approval = True
        messages = self.stuck(2)
        with self.assertRaises(UserError, msg="not without a dry run"):
            self.start(messages, self.manager)
        replay = self.ask(messages, self.manager)
        self.assertEqual((replay.state, replay.needs_approval), ("approval", True))
        self.assertFalse(self.play())
        with self.assertRaises(UserError):
            replay.with_user(self.manager).action_approve()
        with self.assertRaises(AccessError):
            replay.with_user(self.operator).action_approve()
        self.assertFalse(replay.with_user(self.manager).may_approve)
        self.assertTrue(replay.with_user(self.other).may_approve)
        replay.with_user(self.other).action_approve()
        self.assertEqual((replay.state, replay.approved_by_id), ("running", self.other))
        self.play_on()
        self.assertEqual(replay.state, "done")
        trail = self.env["hc.audit.event"].search(
            [("object", "=", f"hc.replay,{replay.id}")], order="id"
        )
        self.assertEqual(
            trail.mapped("action"),
            ["replay.prepared", "replay.started", "replay.approved", "replay.done"],
        )
        self.assertEqual(trail[2].user_id, self.other)

    def test_who_started_it_does_not_approve_it(self):
        self.channel.replay_approval = True
        wizard = self.prepare(self.stuck(1))
        self.env.flush_all()
        with self.enter_registry_test_mode():
            wizard.action_dry_run()
        replay = self.env["hc.replay"].browse(wizard.action_draft()["res_id"])
        replay.with_user(self.manager).action_start()
        self.assertEqual(replay.state, "approval")
        with self.assertRaises(UserError):
            replay.with_user(self.manager).action_approve()

    def test_channel_asks_later(self):
        """A draft from before the channel asked for a second person."""
        wizard = self.prepare(self.stuck(1))
        self.env.flush_all()
        with self.enter_registry_test_mode():
            wizard.action_dry_run()
        replay = self.env["hc.replay"].browse(wizard.action_draft()["res_id"])
        self.channel.replay_approval = True
        replay.with_user(self.operator).action_start()
        self.assertEqual(replay.state, "approval")

    def test_retrying_many_is_a_replay(self):
        messages = self.stuck(2)
        self.channel.replay_approval = True
        for retry in (messages, messages.issue_id):
            with self.assertRaises(UserError):
                retry.with_user(self.operator).action_retry()
        messages[0].with_user(self.operator).action_retry()
        self.assertEqual(messages.mapped("state"), ["received", "review"])

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Other hospital"})
        stranger = new_test_user(
            self.env,
            "rec.stranger",
            f"{BASE}.group_integration_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        replay = self.start(self.stuck(1))
        for model in ("hc.replay", "hc.replay.line", "hc.message.decision"):
            with self.subTest(model):
                self.assertFalse(
                    self.env[model].with_user(stranger).search([("company_id", "!=", company.id)])
                )
        with self.assertRaises(AccessError):
            replay.with_user(stranger).action_cancel()

    def test_one_replay_for_each_company(self):
        company = self.env["res.company"].create({"name": "Sister hospital"})
        messages = self.stuck(2)
        self.env.cr.execute(
            "UPDATE hc_message SET company_id = %s WHERE id = %s", [company.id, messages[0].id]
        )
        messages.invalidate_recordset()
        self.operator.company_ids += company
        chosen = messages.with_context(allowed_company_ids=[self.env.company.id, company.id])
        self.prepare(chosen).with_context(
            allowed_company_ids=[self.env.company.id, company.id]
        ).action_start()
        replays = self.env["hc.replay"].search([])
        self.assertEqual(replays.company_id, self.env.company | company)
        self.assertEqual(replays.mapped("total_count"), [1, 1])


@tagged("post_install", "-at_install")
class TestReplayRpc(HttpCase, ReplayCase):
    """The same by RPC, where what is forged comes in."""

    def call(self, user, model, method, *args, **kwargs):
        self.authenticate(user.login, user.login)
        self.env.flush_all()
        try:
            return self.make_jsonrpc_request(
                f"/web/dataset/call_kw/{model}/{method}",
                {"model": model, "method": method, "args": args, "kwargs": kwargs},
            )
        finally:
            self.env.invalidate_all()

    def refused(self, user, model, method, *args, **kwargs):
        with self.assertRaises(JsonRpcException, msg=f"{model}.{method}") as caught:
            self.call(user, model, method, *args, **kwargs)
        return str(caught.exception)

    def test_a_whole_replay(self):
        messages = self.stuck(2)
        action = self.call(self.operator, "hc.message", "action_replay", messages.ids)
        wizard = [action["res_id"]]
        self.call(self.operator, "hc.replay.prepare", "write", wizard, {"reason": "Mapped"})
        self.call(self.operator, "hc.replay.prepare", "action_dry_run", wizard)
        (found,) = self.call(
            self.operator, "hc.replay.prepare", "read", wizard, ["plan", "ready_count"]
        )
        self.assertEqual((found["ready_count"], found["plan"]["looked_at"]), (2, 2))
        self.assertEqual(set(messages.mapped("state")), {"review"})
        action = self.call(self.operator, "hc.replay.prepare", "action_start", wizard)
        self.play_on()
        (replay,) = self.call(
            self.viewer, "hc.replay", "read", [action["res_id"]], ["state", "progress"]
        )
        self.assertEqual((replay["state"], replay["progress"]), ("done", 100.0))

    def test_forged_writes(self):
        self.channel.replay_approval = True
        replay = self.env["hc.replay"].browse(
            self.prepare(self.stuck(1), self.manager).action_draft()["res_id"]
        )
        for user in (self.viewer, self.operator, self.manager):
            for model, ids, values in (
                ("hc.replay", replay.ids, {"state": "running"}),
                ("hc.replay", replay.ids, {"approved_by_id": user.id}),
                ("hc.replay", replay.ids, {"user_id": self.viewer.id}),
                ("hc.replay", replay.ids, {"needs_approval": False}),
                ("hc.replay.line", replay.line_ids.ids, {"state": "done"}),
            ):
                self.refused(user, model, "write", ids, values)
            values = {"reason": "x", "company_id": self.env.company.id, "state": "running"}
            self.refused(user, "hc.replay", "create", [{**values, "user_id": user.id}])
            self.refused(user, "hc.replay", "unlink", replay.ids)
        for method in ("_sudo_write", "_sudo_prepare", "_cron_run", "_run_once", "_step"):
            self.refused(self.manager, "hc.replay", method, replay.ids)
        self.assertEqual(replay.state, "draft")

    def test_refused(self):
        messages = self.stuck(1)
        plain = new_test_user(self.env, "rec.rpc", "base.group_user")
        for user in (plain, self.viewer):
            self.refused(user, "hc.message", "action_replay", messages.ids)
            self.refused(user, "hc.message", "action_skip", messages.ids)
            self.refused(user, "hc.channel", "action_replay", self.channel.ids)
            self.refused(user, "hc.replay.prepare", "create", [{"selection": []}])
            self.refused(
                user, "hc.message.decide", "create", [{"decision": "skipped", "reason": "x"}]
            )
        self.assertEqual(messages.state, "review")

    def test_a_wizard_of_somebody_else(self):
        wizard = self.prepare(self.stuck(1), self.manager)
        self.refused(self.operator, "hc.replay.prepare", "action_start", wizard.ids)
