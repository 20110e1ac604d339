# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from .test_engine import NOTED, EngineBehaviour


@tagged("post_install", "-at_install")
class TestOrdering(EngineBehaviour):
    """Messages of one ordering key, when one of them cannot go on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.viewer = new_test_user(
            cls.env,
            "hc.ordering.viewer",
            "healthcare_integration_base.group_integration_viewer",
            company_ids=[(6, 0, cls.env.company.ids)],
        )

    def setUp(self):
        super().setUp()
        self.bad = set()
        self.behave(self.review_the_bad)

    def review_the_bad(self, item):
        if item.data["value"] in self.bad:
            item.review("unmapped_item")

    def held(self):
        """One message in review, and two that came while it was: of its key and of another."""
        self.bad = {"1"}
        first = self.note(1, thread="a")
        self.drain()
        return first, self.note(2, thread="a"), self.note(3, thread="b")

    def test_hold_is_seen(self):
        first, second, other = self.held()
        self.drain()
        self.assertEqual((first.state, second.state, other.state), ("review", "received", "done"))
        for user in (self.env.user, self.viewer):
            found = second.with_user(user)
            self.assertEqual(found.blocked_by_id, first)
            self.assertEqual(found.blocked_by_state, "review")
            self.assertFalse(first.with_user(user).blocked_by_id)
            everything = self.env["hc.message"].with_user(user)
            mine = [("channel_id", "=", self.channel.id)]
            held = everything.search([*mine, ("blocked_by_id", "!=", False)])
            self.assertEqual(held, second)
            self.assertEqual(everything.search([*mine, ("blocked_by_id", "=", first.id)]), second)
            free = everything.search([*mine, ("blocked_by_id", "=", False)])
            self.assertEqual(free, first | other)
            self.assertFalse(everything.search([*mine, ("blocked_by_id", "=", other.id)]))
            self.assertEqual(found.action_open_blocker()["res_id"], first.id)

    def test_hold_is_counted(self):
        first, second, _other = self.held()
        self.assertEqual(first.issue_id.held_count, 1)
        self.assertEqual(self.channel.held_count, 1)
        self.assertEqual(self.lane.held_count, 1)
        for action in (first.issue_id.action_open_held(), self.channel.action_open_held()):
            self.assertEqual(self.env["hc.message"].search(action["domain"]), second)

    def test_goes_on_in_order(self):
        first, second, _other = self.held()
        self.drain()
        self.bad = set()
        self.handled.clear()
        first._sudo_resume()
        self.drain()
        self.assertEqual(self.handled, [[first.id, second.id]])
        self.assertFalse(second.blocked_by_id)

    def test_goes_on_when_cancelled(self):
        first, second, _other = self.held()
        operator = new_test_user(
            self.env,
            "hc.ordering.operator",
            "healthcare_integration_base.group_integration_operator",
            company_ids=[(6, 0, self.env.company.ids)],
        )
        first.with_user(operator)._give_up("cancelled", "It was told by telephone.")
        self.drain()
        self.assertEqual((first.state, second.state), ("cancelled", "done"))

    def test_pass(self):
        self.channel.ordering_policy = "pass"
        first, second, _other = self.held()
        self.drain()
        self.assertEqual((first.state, second.state), ("review", "done"))

    def test_change_holds_for_what_waits(self):
        first, second, _other = self.held()
        self.drain()
        self.assertEqual(second.state, "received")
        self.channel.ordering_policy = "pass"
        self.assertFalse(second.blocked_by_id)
        self.drain()
        self.assertEqual((first.state, second.state), ("review", "done"))

    def test_pass_does_not_wait_for_a_retry(self):
        self.channel.ordering_policy = "pass"
        first, second = self.retried()
        self.assertEqual((first.state, second.state), ("retry", "done"))

    def test_hold_waits_for_a_retry(self):
        first, second = self.retried()
        self.assertEqual((first.state, second.state), ("retry", "received"))
        self.assertEqual(second.blocked_by_id, first)
        self.assertEqual(self.channel.held_count, 0, "it goes on by itself")
        self.make_due(first)
        self.drain()
        self.assertEqual((first.state, second.state), ("done", "done"))

    def retried(self):
        first = self.note(1, thread="a")

        def fail_once(item):
            if item.message_id == first.id and not item.attempt_count:
                raise ValueError

        self.behave(fail_once)
        self.drain()
        second = self.note(2, thread="a")
        self.drain()
        return first, second

    def test_same_key_of_another_system(self):
        """What two systems call alike has nothing to do with each other."""
        other = self.make_channel(self.make_system("ordering-tests-2"), self.noted)
        self.bad = {"1"}
        self.note(1, thread="a")
        self.drain()
        stranger = self.send(other, self.event({"facility": "F", "value": 2, "thread": "a"}, NOTED))
        self.drain()
        self.assertEqual(stranger.state, "done")

    def test_policy_is_suggested_by_the_types(self):
        self.assertEqual(self.channel.ordering_policy, "hold")
        self.noted.newest_wins = True
        self.assertEqual(self.channel.ordering_policy, "hold", "what is active stays as it is")
        newest = self.make_channel(self.system, self.noted, code="newest")
        self.assertEqual(newest.ordering_policy, "pass")
        draft = self.make_channel(self.system, self.noted, code="drafted", state="draft")
        draft.message_type_ids |= self.noted.copy({"code": "test.added", "newest_wins": False})
        self.assertEqual(draft.ordering_policy, "hold")
        chosen = self.make_channel(self.system, self.noted, code="chosen", ordering_policy="hold")
        self.assertEqual(chosen.ordering_policy, "hold")

    def test_policy_on_the_form(self):
        manager = new_test_user(
            self.env,
            "hc.ordering.manager",
            "healthcare_integration_base.group_integration_manager",
            company_ids=[(6, 0, self.env.company.ids)],
        )
        with Form(self.channel.with_user(manager)) as form:
            form.ordering_policy = "pass"
        self.assertEqual(self.channel.ordering_policy, "pass")
        with self.assertRaises(AccessError):
            self.channel.with_user(self.viewer).ordering_policy = "hold"
