# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..engine.item import Fix
from .common import EngineCase

BASE = "healthcare_integration_base"
NOTED = "test.noted.v1"


class RecoveryCase(EngineCase):
    """A sender whose messages wait for a vendor that nobody has mapped yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.noted = cls.make_noted()
        cls.system = cls.make_system(f"recovery-{cls.__name__.lower()}")
        cls.channel = cls.make_channel(cls.system, cls.noted)
        cls.partner = cls.env["res.partner"].create({"name": "Vendor 4711"})
        for role in ("viewer", "operator", "manager"):
            user = new_test_user(cls.env, f"rec.{role}", f"{BASE}.group_integration_{role}")
            setattr(cls, role, user)

    def setUp(self):
        super().setUp()
        self.handled = []
        patcher = patch.object(type(self.env["hc.message.handler"]), "_handle", self.handle)
        patcher.start()
        self.addCleanup(patcher.stop)

    def handle(self, handler, items=None):
        """Makes a title of a contact for each message, once the vendor is mapped."""
        items = handler if items is None else items
        self.handled.append([item.message_id for item in items])
        env = self.env(cr=items[0].channel.env.cr)
        for item in items:
            self.act(env, item)

    def act(self, env, item):
        known = env["hc.identifier"]._resolve_many(
            env["hc.system"].browse(item.system_id), "vendor", [("local", "4711")]
        )
        if not known:
            fix = Fix("identifier", "vendor", "local", "4711")
            item.review("unmapped_item", subject="local|4711", fix=fix)
            return
        made = env["res.country.group"].create({"name": f"Effect {item.data['value']}"})
        item.effect("note", made._name, made.id)

    def note(self, value=1, channel=None):
        event = self.event({"facility": "F", "value": value}, NOTED)
        return self.send(channel or self.channel, event)

    def notes(self, number):
        """Messages in review."""
        messages = self.env["hc.message"].union(*[self.note(value) for value in range(number)])
        self.drain()
        self.assertEqual(set(messages.mapped("state")), {"review"})
        return messages

    def map_vendor(self, user=None):
        return (
            self.env["hc.identifier"]
            .with_user(user or self.operator)
            .create(
                {
                    "system_id": self.system.id,
                    "company_id": self.env.company.id,
                    "namespace": "vendor",
                    "code_system": "local",
                    "value": "4711",
                    "res_id": self.partner.id,
                }
            )
        )

    def trail(self, message):
        return self.env["hc.audit.event"].search([("object", "=", message.uuid)], order="id")

    def decide(self, user, decision, messages, reason):
        wizard = (
            self.env["hc.message.decide"]
            .with_user(user)
            .create({"decision": decision, "message_ids": messages.ids, "reason": reason})
        )
        wizard.action_apply()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestRecovery(RecoveryCase):
    """One message: retry, skip, cancel, mend and go on."""

    def test_retry_is_told(self):
        message = self.notes(1)
        message.with_user(self.operator).action_retry()
        self.assertEqual(message.state, "received")
        decision = message.decision_ids
        self.assertEqual((decision.action, decision.user_id), ("resumed", self.operator))
        self.assertEqual((decision.state_before, decision.state_after), ("review", "received"))
        event = self.trail(message)[-1]
        self.assertEqual((event.action, event.user_id), ("message.resumed", self.operator))
        self.assertEqual(event.details["state_before"], "review")

    def test_skip(self):
        message = self.notes(1)
        issue = message.issue_id
        action = message.with_user(self.operator).action_skip()
        self.assertEqual(action["context"]["default_decision"], "skipped")
        self.decide(self.operator, "skipped", message, "Booked by hand")
        self.assertEqual(message.state, "cancelled")
        self.assertTrue(message.done_at)
        self.assertEqual(message.decision_ids.reason, "Booked by hand")
        event = self.trail(message)[-1]
        self.assertEqual((event.action, event.outcome), ("message.skipped", "cancelled"))
        self.assertEqual(event.details, {"state_before": "review"})
        self.assertEqual(event.reason, "Booked by hand")
        self.assertEqual(issue.state, "resolved", "nothing waits any more")
        self.map_vendor()
        self.assertEqual(self.drain(), 0, "it is never handled")

    def test_cancel_many(self):
        messages = self.notes(3)
        self.decide(self.operator, "cancelled", messages, "Sent twice")
        self.assertEqual(set(messages.mapped("state")), {"cancelled"})
        self.assertEqual(messages.decision_ids.mapped("action"), ["cancelled"] * 3)

    def test_reason_is_asked_for(self):
        message = self.notes(1)
        for reason in (False, "", "  "):
            with self.assertRaises(UserError):
                self.decide(self.operator, "cancelled", message, reason)
        self.assertEqual(message.state, "review")
        self.assertFalse(message.decision_ids)

    def test_what_is_done_is_not_given_up(self):
        self.map_vendor()
        message = self.note()
        self.drain()
        self.assertEqual(message.state, "done")
        for act in (
            lambda: message.with_user(self.operator).action_cancel(),
            lambda: self.decide(self.operator, "skipped", message, "Why not"),
            lambda: message.with_user(self.operator).action_retry(),
        ):
            with self.assertRaises(UserError):
                act()

    def test_mend_and_go_on(self):
        message = self.notes(1)
        action = message.with_user(self.operator).action_fix()
        self.assertEqual(action["res_model"], "hc.identifier")
        self.assertEqual(action["context"]["default_value"], "4711")
        self.map_vendor()
        self.assertEqual(message.state, "received", "it goes on by itself")
        self.drain()
        self.assertEqual(message.state, "done")
        self.assertEqual(message.decision_ids.user_id, self.operator)

    def test_history(self):
        """Newest first: what happened, to whom it is owed, and what came of it."""
        message = self.notes(1)
        message.with_user(self.operator).action_retry()
        self.drain()
        self.decide(self.operator, "cancelled", message, "Sent twice")
        story = message.with_user(self.viewer)._story()
        self.assertEqual(story[-1]["event"], "received", "it begins with its arrival")
        self.assertEqual(
            sorted(event["event"] for event in story),
            ["arrival", "arrival", "cancelled", "received", "resumed"],
        )
        last = next(event for event in story if event["event"] == "cancelled")
        self.assertEqual((last["who"], last["reason"]), (self.operator.name, "Sent twice"))
        self.assertEqual((last["before_title"], last["state"]), ("In Review", "cancelled"))
        self.assertIn("Sent twice", message.with_user(self.viewer).history)

    def test_refused(self):
        message = self.notes(1)
        for user in (self.viewer, new_test_user(self.env, "rec.plain", "base.group_user")):
            seen = message.with_user(user)
            for method in ("action_retry", "action_skip", "action_cancel", "action_fix"):
                with self.subTest(f"{user.login} {method}"), self.assertRaises(AccessError):
                    getattr(seen, method)()
            with self.assertRaises(AccessError):
                self.decide(user, "cancelled", message, "Forged")
        self.assertEqual(message.state, "review")

    def test_nobody_writes_history(self):
        message = self.notes(1)
        message.with_user(self.operator).action_retry()
        for call in (
            lambda: message.decision_ids.with_user(self.manager).write({"reason": "forged"}),
            lambda: message.decision_ids.with_user(self.manager).unlink(),
            lambda: (
                self.env["hc.message.decision"]
                .with_user(self.manager)
                .create({"message_id": message.id, "action": "skipped"})
            ),
        ):
            with self.assertRaises(AccessError):
                call()
