# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..engine import replay as player
from .test_recovery import NOTED, RecoveryCase


class ReplayCase(RecoveryCase):
    """Replays by an operator, each step as the scheduled action takes it."""

    def prepare(self, messages, user=None, **values):
        """The wizard for these messages."""
        action = messages.with_user(user or self.operator).action_replay()
        wizard = self.env[action["res_model"]].with_user(user or self.operator)
        wizard = wizard.browse(action["res_id"])
        wizard.write({"reason": "Vendor is mapped now", **values})
        return wizard

    def start(self, messages, user=None, **values):
        action = self.prepare(messages, user, **values).action_start()
        return self.env["hc.replay"].browse(action["res_id"])

    def play(self):
        """One step of all that run."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            moved = self.env(cr=cr)["hc.replay"]._run_once()
        self.env.invalidate_all()
        return moved

    def play_on(self, limit=50):
        """Steps and drains until nothing moves."""
        for _round in range(limit):
            moved = self.play()
            if not moved and not self.drain():
                return
        self.fail("the replay does not come to an end")

    def results(self, replay):
        return {line.message_id: line.state for line in replay.line_ids}

    def effects(self, messages):
        return self.env["hc.effect"].search_count([("message_id", "in", messages.ids)])

    def stuck(self, number):
        """Messages in review whose mapping was made without resuming them, as a restore of
        the mapping tables does."""
        messages = self.notes(number)
        with patch.object(type(self.env["hc.issue"]), "_fixed_many", lambda *args: None):
            self.map_vendor()
        self.handled.clear()
        return messages


@tagged("post_install", "-at_install")
class TestReplay(ReplayCase):
    def test_replay(self):
        messages = self.stuck(5)
        replay = self.start(messages)
        self.assertEqual((replay.state, replay.total_count), ("running", 5))
        self.play_on()
        self.assertEqual(replay.state, "done")
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(set(self.results(replay).values()), {"done"})
        self.assertEqual((replay.ok_count, replay.progress), (5, 100.0))
        self.assertEqual(self.effects(messages), 5)
        decision = messages[0].decision_ids
        self.assertEqual((decision.action, decision.user_id), ("replayed", self.operator))
        self.assertEqual(decision.reason, "Vendor is mapped now")
        event = self.trail(messages[0]).filtered(lambda one: one.action == "message.replayed")
        self.assertEqual(event.details["replay"], replay.id)

    def test_what_is_done_has_no_second_effect(self):
        self.map_vendor()
        messages = self.note(1) + self.note(2)
        self.drain()
        self.handled.clear()
        wizard = self.prepare(messages)
        self.assertEqual((wizard.ready_count, wizard.already_count), (0, 2))
        replay = self.env["hc.replay"].browse(wizard.action_start()["res_id"])
        self.play_on()
        self.assertEqual(replay.state, "done")
        self.assertEqual(set(self.results(replay).values()), {"already"})
        self.assertFalse(self.handled, "no handler was asked")
        self.assertEqual(self.effects(messages), 2)
        self.assertEqual(set(messages.mapped("attempt_count")), {1})

    def test_replay_twice(self):
        messages = self.stuck(3)
        first, second = self.start(messages), self.start(messages)
        self.play_on()
        self.assertEqual((first.state, second.state), ("done", "done"))
        self.assertEqual(self.effects(messages), 3)
        self.assertEqual(sum(map(len, self.handled)), 3, "each was handled once")

    def test_mixed_results(self):
        """Each message ends as it would have ended by itself."""
        messages = self.stuck(4)
        given_up, bad, *good = messages
        self.decide(self.operator, "cancelled", given_up, "Sent twice")

        def act(env, item):
            if item.message_id == bad.id:
                raise ValueError
            return RecoveryCase.act(self, env, item)

        self.channel.retry_max_attempts = 1
        with patch.object(self, "act", act):
            replay = self.start(messages)
            self.play_on()
        found = self.results(replay)
        self.assertEqual(found[given_up], "skipped")
        self.assertEqual(found[bad], "dead")
        self.assertEqual({found[message] for message in good}, {"done"})
        line = replay.line_ids.filtered(lambda one: one.message_id == bad)
        self.assertEqual(line.error_code, "unexpected")
        self.assertTrue(line.error_title)
        self.assertEqual((replay.person_count, replay.skipped_count), (1, 1))

    def test_still_in_review(self):
        messages = self.notes(2)
        replay = self.start(messages)
        self.play_on()
        self.assertEqual(set(self.results(replay).values()), {"review"})
        self.assertEqual(set(replay.line_ids.mapped("error_code")), {"unmapped_item"})
        self.assertTrue(messages.issue_id, "it is held up by its issue as before")

    def test_what_tries_again_is_waited_for(self):
        messages = self.stuck(1)

        def fail(env, item):
            raise ValueError

        with patch.object(self, "act", fail):
            replay = self.start(messages)
            self.play_on()
        self.assertEqual((messages.state, replay.state), ("retry", "running"))
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.assertFalse(self.env(cr=cr)["hc.replay"]._is_moving(), "once a minute will do")
        self.make_due(messages)
        self.play_on()
        self.assertEqual((messages.state, replay.state), ("done", "done"))

    def test_few_at_a_time(self):
        messages = self.stuck(7)
        replay = self.start(messages, batch_limit=3)
        self.play()
        self.assertEqual(messages.mapped("state").count("received"), 3)
        self.assertFalse(self.play(), "none is given back before one has ended")
        self.drain()
        self.play()
        self.assertEqual(messages.mapped("state").count("received"), 3)
        self.play_on()
        self.assertEqual(replay.state, "done")
        self.assertLessEqual(max(map(len, self.handled)), 3)

    def test_live_traffic_goes_first(self):
        messages = self.stuck(2)
        replay = self.start(messages)
        live = self.note(70) + self.note(71)
        with patch.object(player, "LIVE_LIMIT", 1):
            self.assertFalse(self.play())
            self.assertEqual(set(messages.mapped("state")), {"review"})
            self.drain()
            self.assertEqual(set(live.mapped("state")), {"done"})
            self.play_on()
        self.assertEqual(replay.state, "done")

    def test_pause_and_resume(self):
        messages = self.stuck(4)
        replay = self.start(messages, batch_limit=2)
        self.play()
        replay.with_user(self.operator).action_pause()
        self.play_on()
        self.assertEqual(replay.state, "paused")
        self.assertEqual(messages.mapped("state").count("done"), 2, "what was begun has ended")
        self.assertEqual(replay.ended_count, 2)
        replay.with_user(self.operator).action_resume()
        self.play_on()
        self.assertEqual(replay.state, "done")
        self.assertEqual(self.effects(messages), 4)

    def test_cancel(self):
        messages = self.stuck(4)
        replay = self.start(messages, batch_limit=2)
        self.play()
        replay.with_user(self.operator).action_cancel()
        self.play_on()
        self.assertEqual(replay.state, "cancelled")
        self.assertEqual(sorted(self.results(replay).values()), ["done", "done", "left", "left"])
        self.assertEqual(messages.mapped("state").count("review"), 2, "as they were")
        with self.assertRaises(UserError):
            replay.with_user(self.operator).action_resume()

    def test_a_crash_repeats_nothing(self):
        """A step is one transaction: what a crash swallows has not happened."""
        messages = self.stuck(4)
        replay = self.start(messages, batch_limit=2)
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            player.Player(self.env(cr=cr), replay.id).step()
            self.env(cr=cr).flush_all()
            cr.rollback()
        self.env.invalidate_all()
        self.assertEqual(set(messages.mapped("state")), {"review"})
        self.assertEqual(set(self.results(replay).values()), {"waiting"})
        self.play()
        self.drain()
        # The worker dies before it has written down what became of them.
        self.play_on()
        self.assertEqual(replay.state, "done")
        self.assertEqual(sum(map(len, self.handled)), 4)
        self.assertEqual(self.effects(messages), 4)

    def test_channel_out_of_use(self):
        messages = self.stuck(2)
        self.channel.action_retire()
        wizard = self.prepare(messages)
        self.assertEqual((wizard.ready_count, wizard.blocked_count), (0, 2))
        self.assertIn("out of use", wizard.census)
        replay = self.env["hc.replay"].browse(wizard.action_start()["res_id"])
        self.play_on()
        self.assertEqual(set(replay.line_ids.mapped("why")), {"retired"})

    def test_content_is_gone(self):
        messages = self.stuck(2)
        self.env.cr.execute("UPDATE hc_message SET payload = NULL WHERE id = %s", [messages[0].id])
        self.assertEqual(self.prepare(messages).blocked_count, 1)
        replay = self.start(messages)
        self.play_on()
        found = self.results(replay)
        self.assertEqual((found[messages[0]], found[messages[1]]), ("skipped", "done"))

    def test_all_that_a_filter_matches(self):
        """The web client names 20,000 ids at the most, and gives the filter."""
        messages = self.stuck(6)
        self.env["ir.config_parameter"].set_param("web.active_ids_limit", 4)
        chosen = messages[:4].with_context(
            active_domain=[("channel_id", "=", self.channel.id), ("state", "=", "review")],
            active_ids=messages[:4].ids,
        )
        wizard = self.prepare(chosen)
        self.assertEqual(wizard.total_count, 6)
        self.note(99)
        self.drain()
        wizard.invalidate_recordset()
        self.assertEqual(wizard.total_count, 6, "what comes later is not chosen")
        few = messages[:3].with_context(active_domain=[("channel_id", "=", self.channel.id)])
        self.assertEqual(self.prepare(few).total_count, 3)

    def test_from_issue_channel_and_system(self):
        messages = self.stuck(3)
        for record in (messages.issue_id, self.channel, self.system):
            with self.subTest(record._name):
                self.assertEqual(self.prepare(record).ready_count, 3)

    def test_reason_is_asked_for(self):
        messages = self.stuck(1)
        with self.assertRaises(UserError):
            self.start(messages, reason=" ")
        self.assertFalse(self.env["hc.replay"].search([]))

    def test_draft(self):
        messages = self.stuck(1)
        replay = self.env["hc.replay"].browse(self.prepare(messages).action_draft()["res_id"])
        self.play()
        self.assertEqual((replay.state, messages.state), ("draft", "review"))
        replay.with_user(self.operator).action_start()
        self.play_on()
        self.assertEqual(replay.state, "done")

    # ---------------------------------------------------------------- dry run

    def dry_run(self, messages, user=None):
        wizard = self.prepare(messages, user)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            wizard.action_dry_run()
        self.env.invalidate_all()
        return wizard

    def everything(self):
        """Number of rows in each table, but for the trail."""
        self.env.cr.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        counts = {}
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = self.env.cr.fetchone()[0]
        return counts

    def test_dry_run_tells_the_changes(self):
        messages = self.stuck(3)
        plan = self.dry_run(messages).plan
        self.assertEqual(plan["looked_at"], 3)
        self.assertEqual(plan["outcomes"], [["done", None, 3]])
        (trace,) = plan["traces"]
        self.assertEqual(trace, ["res.country.group", 3, 0, ["Effect 0", "Effect 1", "Effect 2"]])

    def test_dry_run_leaves_nothing(self):
        messages = self.stuck(3)
        wizard = self.prepare(messages)
        self.env.flush_all()
        before, seen = self.everything(), messages.read(["state", "attempt_count", "issue_id"])
        with self.enter_registry_test_mode():
            wizard.action_dry_run()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.everything(), before)
        self.assertEqual(messages.read(["state", "attempt_count", "issue_id"]), seen)
        self.assertEqual(sum(map(len, self.handled)), 3, "the handler has really run")
        event = self.env["hc.audit.event"].search([("action", "=", "replay.dry_run")], limit=1)
        self.assertEqual((event.user_id, event.details["messages"]), (self.operator, 3))

    def test_dry_run_tells_what_would_fail(self):
        messages = self.notes(4)
        bad = messages[1]

        def act(env, item):
            if item.message_id == bad.id:
                raise UserError("No")
            return RecoveryCase.act(self, env, item)

        with patch.object(self, "act", act):
            plan = self.dry_run(messages).plan
        self.assertEqual(
            sorted(plan["outcomes"]),
            [["review", "handler_refused", 1], ["review", "unmapped_item", 3]],
        )
        self.assertFalse(plan["traces"])

    def test_dry_run_sees_changes(self):
        messages = self.stuck(2)

        def act(env, item):
            env["res.country"].browse(self.env.ref("base.be").id).phone_code = (
                9000 + item.message_id
            )
            item.effect("note", "res.country", self.env.ref("base.be").id)

        with patch.object(self, "act", act):
            plan = self.dry_run(messages).plan
        self.assertEqual(plan["traces"], [["res.country", 0, 1, []]])

    def test_dry_run_is_bounded(self):
        messages = self.stuck(5)
        with (
            patch("odoo.addons.healthcare_integration_base.engine.dry_run.MESSAGE_LIMIT", 2),
            patch(
                "odoo.addons.healthcare_integration_base.wizards.hc_replay_prepare.MESSAGE_LIMIT", 2
            ),
        ):
            wizard = self.dry_run(messages)
        self.assertEqual(wizard.plan["looked_at"], 2)
        self.assertEqual(wizard.plan["ready"], 5)
        self.assertIn("The first <b>2</b> of 5", " ".join(str(wizard.plan_text).split()))

    def test_dry_run_names_no_persons(self):
        messages = self.stuck(1)

        def act(env, item):
            made = env["res.partner"].create({"name": "Canary Ophelia"})
            item.effect("note", "res.partner", made.id)

        with patch.object(self, "act", act):
            wizard = self.dry_run(messages)
        self.assertIn(["res.partner", 1, 0, []], wizard.plan["traces"])
        self.assertNotIn("Canary", str(wizard.plan_text))
        self.assertFalse(self.rows_with("Canary Ophelia"))

    def test_dry_run_has_the_rights_of_the_system(self):
        messages = self.stuck(1)
        users = []

        def handle(handler, items):
            users.append((handler.env.user, handler.env.su))

        with patch.object(type(self.env["hc.message.handler"]), "_handle", handle):
            self.dry_run(messages)
        self.assertEqual(users, [(self.system.user_id, False)])

    def test_dry_run_without_a_handler(self):
        messages = self.stuck(1)
        self.noted.handler = False
        self.assertEqual(
            self.dry_run(messages).plan["outcomes"], [["review", "handler_missing", 1]]
        )
        self.assertEqual(NOTED, self.noted.name)
