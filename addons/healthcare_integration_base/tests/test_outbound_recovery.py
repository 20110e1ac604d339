# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .outbound_common import OutboundCase
from .receiver import Receiver, answer, drop

BASE = "healthcare_integration_base"


@tagged("post_install", "-at_install")
class TestOutboundRecovery(OutboundCase):
    """What a person can do about a message that leaves: the same as for one that came."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role in ("viewer", "operator"):
            user = new_test_user(cls.env, f"out.rec.{role}", f"{BASE}.group_integration_{role}")
            setattr(cls, role, user)

    def decide(self, decision, messages, reason="Told them by telephone", user=None):
        self.env["hc.message.decide"].with_user(user or self.operator).create(
            {"decision": decision, "message_ids": messages.ids, "reason": reason}
        ).action_apply()
        self.env.invalidate_all()

    def after(self, *script, tries=1):
        """A message after so many tries at a receiver that answers like this."""
        message = self.queue()
        with Receiver(*script) as receiver:
            self.lead_to(receiver)
            for _try in range(tries):
                self.pass_time(message)
                self.dispatch()
        return message

    def in_state(self, state):
        scripts = {"retry": answer(500), "dead": answer(500), "review": answer(400)}
        self.channel.retry_max_attempts = 1 if state == "dead" else 8
        message = self.after(scripts[state]) if state in scripts else self.queue()
        self.assertEqual(message.state, state)
        return message

    def test_given_up_whatever_it_waits_for(self):
        for state in ("queued", "retry", "review", "dead"):
            for decision in ("cancelled", "skipped"):
                with self.subTest(state=state, decision=decision):
                    message = self.in_state(state)
                    issue = message.issue_id
                    self.decide(decision, message)
                    self.assertEqual(message.state, "cancelled")
                    self.assertTrue(message.done_at)
                    made = message.decision_ids
                    self.assertEqual((made.action, made.user_id), (decision, self.operator))
                    self.assertEqual((made.state_before, made.state_after), (state, "cancelled"))
                    self.assertEqual(self.trail(message)[-1], f"message.{decision}")
                    self.assertIn("Told them by telephone", message.history)
                    if issue:
                        self.assertEqual(issue.state, "resolved")
                    with Receiver() as receiver:
                        self.lead_to(receiver)
                        self.pass_time()
                        self.dispatch()
                    self.assertFalse(receiver.requests)

    def test_what_waited_behind_it_goes_on(self):
        first, second = self.queue(1, ordering_key="same"), self.queue(2, ordering_key="same")
        with Receiver(answer(400), answer()) as receiver:
            self.lead_to(receiver)
            self.dispatch()
            self.assertEqual((first.state, second.state), ("review", "queued"))
            self.decide("cancelled", first)
            self.dispatch()
        self.assertEqual(second.state, "done")

    def test_tried_again_now(self):
        for state in ("retry", "review", "dead"):
            with self.subTest(state=state):
                message = self.in_state(state)
                message.with_user(self.operator).action_retry()
                self.assertEqual(message.state, "queued")
                self.assertEqual(message.decision_ids.action, "resumed")
                self.assertEqual(message.decision_ids.state_after, "queued")
                self.pass_time()
                with Receiver() as receiver:
                    self.lead_to(receiver)
                    self.dispatch()
                self.assertEqual(message.state, "done")
                self.assertEqual(len(receiver.of_key(message.uuid)), 1)

    def test_a_reason_and_the_right_are_needed(self):
        message = self.in_state("review")
        with self.assertRaises(UserError):
            self.decide("cancelled", message, reason=" ")
        for action in ("action_cancel", "action_skip", "action_retry"):
            with self.assertRaises(AccessError):
                getattr(message.with_user(self.viewer), action)()
        self.assertEqual(message.state, "review")

    def test_never_while_it_is_being_sent(self):
        message = self.queue()
        self.env["hc.delivery"].create({"message_id": message.id, "endpoint_id": self.endpoint.id})
        with self.assertRaises(UserError):
            self.decide("cancelled", message)
        self.assertEqual(message.state, "queued")

    def test_what_may_have_arrived_is_settled_and_not_given_up(self):
        message = self.after(drop)
        self.assertEqual(message.state, "unknown")
        implausible = self.after(answer(200, b"<html>"))
        for unsettled in (message, implausible):
            with self.subTest(state=unsettled.state):
                before = unsettled.state
                self.assertTrue(unsettled.is_unsettled)
                with self.assertRaises(UserError):
                    self.decide("cancelled", unsettled)
                with self.assertRaises(UserError):
                    unsettled.with_user(self.operator).action_retry()
                self.assertEqual(unsettled.state, before)
        message.with_user(self.operator).action_arrived()
        self.assertEqual(message.decision_ids.action, "arrived")
        self.assertEqual(message.decision_ids.state_before, "unknown")
        self.assertIn(self.operator.name, message.history)

    # -------------------------------------------------------------------- horizon

    def fail_since(self, message, hours):
        self.env.cr.execute(
            "UPDATE hc_message SET retrying_since = now() AT TIME ZONE 'UTC'"
            " - %s * interval '1 hour' WHERE id = %s",
            [hours, message.id],
        )
        self.pass_time(message)

    def try_once(self, message, *script):
        with Receiver(*script) as receiver:
            self.lead_to(receiver)
            self.dispatch()
        return message.state

    def test_failures_in_a_row_have_a_horizon(self):
        self.channel.write({"retry_horizon_hours": 2, "retry_max_attempts": 100})
        message = self.in_state_of_many()
        self.assertTrue(message.retrying_since)
        self.fail_since(message, 1)
        self.assertEqual(self.try_once(message, answer(500)), "retry")
        self.fail_since(message, 3)
        self.assertEqual(self.try_once(message, answer(500)), "dead")
        self.assertEqual(message.issue_id.error_code, "receiver_failed")
        message.with_user(self.operator).action_retry()
        self.assertFalse(message.retrying_since)
        self.pass_time(message)
        self.assertEqual(self.try_once(message, answer(500)), "retry")

    def in_state_of_many(self):
        message = self.after(answer(500))
        self.assertEqual(message.state, "retry")
        return message

    def test_the_last_try_is_not_set_behind_the_horizon(self):
        self.channel.write(
            {
                "retry_horizon_hours": 1,
                "retry_max_attempts": 100,
                "retry_base_seconds": 3600,
                "retry_cap_seconds": 36000,
            }
        )
        message = self.in_state_of_many()
        self.fail_since(message, 0.99)
        self.assertEqual(self.try_once(message, answer(500)), "retry")
        self.env.cr.execute(
            "SELECT next_attempt_at - retrying_since FROM hc_message WHERE id = %s", [message.id]
        )
        self.assertLessEqual(self.env.cr.fetchone()[0].total_seconds(), 3601)

    def test_a_receiver_is_not_asked_for_longer_than_the_horizon(self):
        self.channel.write(
            {"on_unknown": "repeat", "retry_horizon_hours": 1, "retry_max_attempts": 100}
        )
        message = self.after(drop)
        self.assertEqual(message.state, "retry")
        self.endpoint.status_url = "https://partner.example/events/{key}"
        self.channel.on_unknown = "ask"
        self.env.cr.execute("UPDATE hc_message SET state = 'unknown' WHERE id = %s", [message.id])
        self.fail_since(message, 2)
        with Receiver(answer(500)) as receiver:
            self.lead_to(receiver, status_url=receiver.url("/events/{key}"))
            self.dispatch(limit=1)
        self.assertEqual((message.state, message.error_code), ("review", "delivery_unknown"))

    # -------------------------------------------------------------------- the form

    def test_the_form_says_where_it_goes(self):
        message = self.queue(business_key="order/7")
        self.env["hc.delivery"].create(
            {"message_id": message.id, "endpoint_id": self.endpoint.id, "started_at": "2026-01-02"}
        )
        seen = message.with_user(self.viewer)
        self.assertEqual(str(seen.in_flight_since), "2026-01-02 00:00:00")
        arch = seen.get_view(view_type="form")["arch"]
        for said in ("Where it goes", "in_flight_since", "endpoint_id", "next_attempt_at"):
            self.assertIn(said, arch)

    # ------------------------------------------------------- PostgreSQL started anew

    def test_a_restart_of_the_database_is_held_against_no_message(self):
        self.channel.on_unknown = "repeat"
        message = self.queue()
        self.env["hc.delivery"].create(
            {"message_id": message.id, "endpoint_id": self.endpoint.id, "started_at": "2020-01-01"}
        )
        self.dispatch(limit=0)
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.dispatch()
        self.assertEqual(message.kill_count, 0)
        self.assertIn("delivery_interrupted", message.attempt_ids.mapped("error_code"))
