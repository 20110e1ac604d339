# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..engine.item import Fix
from .test_recovery import NOTED
from .test_replay import ReplayCase


@tagged("post_install", "-at_install")
class TestShadow(ReplayCase):
    """Channels on trial: planned, compared, taken back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trial = cls.make_channel(
            cls.system, cls.noted, code="trial", state="shadow", compare_channel_id=cls.channel.id
        )
        cls.trial._sudo_set_state({"shadow_at": "2026-01-01 00:00:00"})

    def act(self, env, item):
        """What the data say; by default it has an effect."""
        value = str(item.data["value"])
        if value == "13":
            raise ValueError
        if value == "7":
            item.review("unmapped_item", subject="local|7", fix=Fix("identifier"))
            return
        made = env["res.country.group"].create({"name": f"Effect {value}"})
        item.effect("note", made._name, made.id, content_digest=f"digest of {value}")
        item.dirty("shadow-test", {"key": value})

    def fact(self, channel, number, value=1):
        event = self.event({"facility": "F", "number": number, "value": value}, NOTED)
        return self.send(channel, event)

    def groups(self):
        return self.env["res.country.group"].search_count([("name", "=like", "Effect %")])

    def plan(self, message):
        return message.shadow_plan_ids.ensure_one()

    def test_planned_and_taken_back(self):
        messages = self.fact(self.trial, "1") + self.fact(self.trial, "2")
        self.drain()
        self.assertEqual(sum(map(len, self.handled)), 2, "the handler has really run")
        self.assertEqual(set(messages.mapped("state")), {"cancelled"})
        self.assertEqual(set(messages.mapped("error_code")), {"shadow"})
        self.assertTrue(all(messages.mapped("done_at")))
        self.assertFalse(self.groups())
        self.assertFalse(messages.effect_ids)
        self.assertFalse(self.env["hc.dirty.key"].search([("kind", "=", "shadow-test")]))
        plan = self.plan(messages[0])
        self.assertEqual((plan.state, plan.comparison), ("done", "waiting"))
        self.assertEqual(plan.summary, "1 × Country Group, follow-up: shadow-test")
        self.assertEqual(self.trial.shadow_count, 2)
        self.assertIn("2 × Country Group", self.trial.shadow_summary)
        self.assertEqual(messages[0].attempt_ids.trigger, "shadow")
        self.assertIn("message.handled", self.trail(messages[0]).mapped("action"))

    def test_what_would_need_somebody(self):
        messages = self.fact(self.trial, "1", 7) + self.fact(self.trial, "2", 13)
        messages += self.fact(self.trial, "3")
        issues = self.env["hc.issue"].search_count([])
        self.drain()
        self.assertEqual(set(messages.mapped("state")), {"cancelled"})
        plans = messages.shadow_plan_ids.sorted("message_id")
        self.assertEqual(
            [(one.state, one.error_code) for one in plans.sorted(lambda one: one.message_id.id)],
            [("review", "unmapped_item"), ("retry", "unexpected"), ("done", False)],
        )
        self.assertEqual(self.env["hc.issue"].search_count([]), issues, "nobody is bothered")

    def test_both_at_once(self):
        """A batch is done or planned, never both."""
        live, planned = self.fact(self.channel, "1"), self.fact(self.trial, "2")
        self.drain()
        self.assertEqual((live.state, planned.state), ("done", "cancelled"))
        self.assertEqual(self.groups(), 1)
        self.assertEqual(sorted(map(len, self.handled)), [1, 1])

    def test_compared(self):
        same, other = self.fact(self.trial, "1"), self.fact(self.trial, "2")
        worse, lost = self.fact(self.trial, "3", 7), self.fact(self.trial, "4")
        self.drain()
        self.assertEqual(self.trial.waiting_count, 4)
        self.fact(self.channel, "1")
        self.fact(self.channel, "2", 2)
        self.fact(self.channel, "3")
        self.drain()
        self.trial.with_user(self.manager).action_compare()
        self.assertEqual(self.plan(same).comparison, "same")
        self.assertEqual(self.plan(same).counterpart_id.channel_id, self.channel)
        self.assertEqual(self.plan(other).differences, [{"what": "content", "planned": "note"}])
        self.assertEqual(self.plan(worse).differences[0]["what"], "state")
        self.assertIn("unmapped_item", self.plan(worse).differences_text)
        self.assertEqual(self.plan(lost).comparison, "waiting")
        counts = self.trial.same_count, self.trial.different_count, self.trial.waiting_count
        self.assertEqual(counts, (1, 2, 1))

    def test_compared_with_what_came_before(self):
        self.fact(self.channel, "1")
        self.drain()
        late = self.fact(self.trial, "1")
        self.drain()
        self.assertEqual(self.plan(late).comparison, "same")

    def test_going_active_replays_nothing(self):
        before = self.fact(self.trial, "1")
        self.drain()
        waiting = self.fact(self.trial, "2")
        self.trial.with_user(self.manager).action_activate("It does what the old one does")
        after = self.fact(self.trial, "3")
        self.drain()
        self.assertEqual(self.trial.state, "active")
        self.assertEqual((before + waiting).mapped("error_code"), ["shadow"] * 2)
        self.assertEqual(after.state, "done")
        self.assertEqual(self.groups(), 1)

    def test_replayed_when_somebody_asks_for_it(self):
        messages = self.fact(self.trial, "1") + self.fact(self.trial, "2")
        self.drain()
        self.trial.with_user(self.manager).action_activate("It does what the old one does")
        action = self.trial.with_user(self.operator).action_replay_planned()
        wizard = self.env[action["res_model"]].with_user(self.operator).browse(action["res_id"])
        self.assertEqual(wizard.ready_count, 2)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            wizard.action_dry_run()
        self.assertEqual(wizard.plan["looked_at"], 2)
        wizard.reason = "They were not done by hand"
        replay = self.env["hc.replay"].browse(wizard.action_start()["res_id"])
        self.play_on()
        self.assertEqual(set(self.results(replay).values()), {"done"})
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self.groups(), 2)
        self.assertEqual(messages[0].decision_ids.state_before, "cancelled")

    def test_replayed_on_trial_is_planned_anew(self):
        message = self.fact(self.trial, "1", 7)
        self.drain()
        self.assertEqual(self.plan(message).state, "review")
        self.spoil(message, {"facility": "F", "number": "1", "value": 8})
        self.start(message)
        self.play_on()
        self.assertEqual((message.state, message.error_code), ("cancelled", "shadow"))
        self.assertEqual(self.plan(message).state, "done")
        self.assertFalse(self.groups())

    def test_a_trial_that_was_given_back_is_not_replayed(self):
        message = self.fact(self.trial, "1")
        self.drain()
        self.trial.with_user(self.manager).action_refuse("It plans nonsense")
        replay = self.start(message)
        self.play_on()
        self.assertEqual(self.results(replay)[message], "skipped")
        self.assertEqual(message.error_code, "shadow")

    def test_what_a_person_has_cancelled_stays_so(self):
        message = self.fact(self.channel, "1")
        self.decide(self.operator, "cancelled", message, "Sent twice")
        self.assertEqual(self.prepare(message).ready_count, 0)

    def test_a_type_on_trial(self):
        self.noted._sudo_set_state({"state": "shadow"})
        message = self.fact(self.channel, "1")
        self.drain()
        self.assertEqual((message.state, message.error_code), ("cancelled", "shadow"))

    def test_only_what_comes_in(self):
        out = self.env["hc.channel"].create(
            {"name": "Out", "code": "out", "system_id": self.system.id, "direction": "out"}
        )
        out.message_type_ids = self.noted
        out.action_submit()
        with self.assertRaises(UserError):
            out.with_user(self.manager).action_shadow("Try it")
