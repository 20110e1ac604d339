# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import importlib.util
import json
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..messaging.errors import MessageError
from .common import EngineCase

BASE = "healthcare_integration_base"
SCRIPT = Path(__file__).parents[1] / "migrations/19.0.1.2.0/post-migrate.py"
WHY = "Agreed with the ward"


class LifecycleCase(EngineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.author = new_test_user(cls.env, "life.author", f"{BASE}.group_integration_manager")
        cls.approver = new_test_user(cls.env, "life.approver", f"{BASE}.group_integration_manager")
        cls.viewer = new_test_user(cls.env, "life.viewer", f"{BASE}.group_integration_viewer")
        cls.officer = new_test_user(cls.env, "life.officer", f"{BASE}.group_privacy_officer")
        cls.noted = cls.make_noted()
        cls.system = cls.make_system(f"life-{cls.__name__.lower()}")

    def draft_channel(self, **values):
        return (
            self.env["hc.channel"]
            .with_user(self.author)
            .create(
                {
                    "name": "Use",
                    "code": "use",
                    "system_id": self.system.id,
                    "message_type_ids": [(6, 0, self.noted.ids)],
                    "lane_id": self.lane.id,
                    **values,
                }
            )
        )

    def ask(self, record, step, user=None, **values):
        """Press the button that asks why, and answer."""
        user = user or self.approver
        action = getattr(record.with_user(user), f"action_ask_{step}")()
        wizard = self.env[action["res_model"]].with_user(user).with_context(action["context"])
        wizard.create({"reason": WHY, **values}).action_confirm()

    def active_channel(self, **values):
        channel = self.draft_channel(**values)
        channel.action_submit()
        self.ask(channel, "activate")
        return channel

    def trail(self, record):
        domain = [
            ("object", "=", f"{record._name},{record.id}"),
            ("action", "=like", f"{record._subject}.%"),
        ]
        return self.env["hc.audit.event"].search(domain, order="id")


@tagged("post_install", "-at_install")
class TestChannelLife(LifecycleCase):
    def test_who_when_and_why(self):
        channel = self.active_channel()
        self.assertEqual((channel.state, channel.approved_by_id), ("active", self.approver))
        self.assertTrue(channel.submitted_at <= channel.approved_at)
        steps = channel.change_ids.sorted("id")
        self.assertEqual(steps.mapped("step"), ["submit", "activate"])
        self.assertEqual(steps.mapped("user_id"), self.author | self.approver)
        self.assertEqual((steps[1].reason, steps[1].state_before), (WHY, "in_review"))
        told = self.trail(channel)
        self.assertEqual(told.mapped("action"), ["channel.submit", "channel.activate"])
        self.assertEqual(told[1].user_id, self.approver)
        self.assertEqual(told[1].reason, WHY)

    def test_nobody_approves_their_own_work(self):
        channel = self.draft_channel()
        channel.action_submit()
        for step in ("activate", "shadow"):
            with self.subTest(step), self.assertRaises(UserError):
                self.ask(channel, step, self.author)
        self.assertEqual(channel.state, "in_review")

    def test_who_changes_it_in_review_is_an_author(self):
        channel = self.draft_channel()
        channel.action_submit()
        channel.with_user(self.approver).max_age_days = 5
        with self.assertRaises(UserError):
            channel.with_user(self.approver).action_activate()
        self.ask(channel, "refuse")
        channel.action_submit()
        self.ask(channel, "activate")
        self.assertEqual(channel.state, "active", "the new submission is nobody's but its author's")

    def test_a_reason_is_asked_for(self):
        channel = self.draft_channel()
        channel.action_submit()
        with self.assertRaises(UserError):
            self.ask(channel, "activate", reason="  ")

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_viewers_take_no_step(self):
        channel = self.draft_channel()
        with self.assertRaises(AccessError):
            channel.with_user(self.viewer).action_submit()
        channel.action_submit()
        for step in ("activate", "shadow", "refuse", "retire"):
            with self.subTest(step), self.assertRaises(AccessError):
                self.ask(channel, step, self.viewer)
        self.assertEqual(channel.with_user(self.viewer).change_ids.step, "submit")

    def test_the_state_is_not_set_back_by_hand(self):
        channel = self.active_channel()
        for values in ({"state": "draft"}, {"submitted_by_id": False}, {"successor_id": False}):
            with self.subTest(values), self.assertRaises(AccessError):
                channel.write(values)

    def test_given_back(self):
        channel = self.draft_channel()
        channel.action_submit()
        self.ask(channel, "refuse")
        self.assertEqual((channel.state, channel.approved_by_id.id), ("draft", False))
        self.assertEqual(channel.change_ids.sorted("id")[-1].reason, WHY)

    def test_paused_while_deprecated(self):
        channel = self.active_channel()
        self.ask(channel, "deprecate")
        channel.action_pause()
        channel.action_resume()
        self.assertEqual(channel.state, "deprecated")
        self.ask(channel, "reinstate")
        self.assertEqual((channel.state, channel.deprecated_at), ("active", False))
        names = channel.change_ids.sorted("id").mapped("step")
        self.assertEqual(names[2:], ["deprecate", "pause", "resume", "reinstate"])

    def test_what_senders_rely_on_is_not_changed(self):
        channel = self.active_channel()
        for values in ({"format": "fhir"}, {"direction": "out"}, {"code": "other"}):
            with self.subTest(values), self.assertRaises(UserError):
                channel.write(values)
        channel.write({"format": "cloudevents", "max_age_days": 3})
        self.assertEqual(channel.max_age_days, 3)

    def test_new_version(self):
        channel = self.active_channel(owner_id=self.author.id)
        action = channel.action_new_version()
        draft = self.env["hc.channel"].with_user(self.author).browse(action["res_id"])
        self.assertEqual((draft.code, draft.state), ("use-v2", "draft"))
        self.assertEqual((draft.previous_id, channel.successor_id), (channel, draft))
        draft.write({"max_age_days": 30, "name": "Use of supplies"})
        self.assertIn("30", draft.changes_table)
        self.assertIn("Use of supplies", draft.changes_table)
        self.assertNotIn("Sync mode", draft.changes_table)
        again = draft.browse(draft.action_new_version()["res_id"])
        self.assertEqual(again.code, "use-v3")

    def test_the_owner_is_reminded_of_the_sunset(self):
        channel = self.active_channel(owner_id=self.author.id)
        sunset = fields.Datetime.now() + timedelta(days=30)
        self.ask(channel, "deprecate", sunset_at=sunset)
        activity = channel.activity_ids
        self.assertEqual((activity.user_id, activity.date_deadline), (self.author, sunset.date()))
        self.assertFalse(channel.is_overdue)
        channel._sudo_set_state({"sunset_at": fields.Datetime.now() - timedelta(days=1)})
        self.assertTrue(channel.is_overdue)
        self.assertIn(channel, self.env["hc.channel"].search([("is_overdue", "=", True)]))
        message = self.send(channel, self.event({"facility": "F", "value": 1}, self.noted.name))
        self.assertEqual(message.state, "received", "after the sunset all is taken as before")
        self.ask(channel, "retire")
        self.assertFalse(channel.activity_ids)

    def test_a_sunset_lies_ahead(self):
        channel = self.active_channel()
        with self.assertRaises(UserError):
            self.ask(channel, "deprecate", sunset_at=fields.Datetime.now() - timedelta(days=1))


@tagged("post_install", "-at_install")
class TestMessageTypeLife(LifecycleCase):
    def new_version(self, change=None):
        """A draft of the next version, by its author."""
        action = self.noted.with_user(self.author).action_new_version()
        draft = self.noted.with_user(self.author).browse(action["res_id"])
        if change:
            schema = json.loads(draft.contract_text)
            change(schema)
            draft.contract_text = json.dumps(schema)
        return draft

    def test_what_an_addon_brings_is_in_use(self):
        self.assertEqual(self.noted.state, "active")
        shipped = self.env["hc.message.type"].search([("contract_text", "=", False)])
        self.assertEqual(set(shipped.mapped("state")), {"active"})

    def test_a_new_version(self):
        draft = self.new_version(lambda schema: schema["required"].append("number"))
        self.assertEqual((draft.name, draft.state), ("test.noted.v2", "draft"))
        self.assertEqual((draft.previous_id, draft.handler), (self.noted, self.noted.handler))
        self.assertTrue(draft.breaks_senders)
        self.assertFalse(draft.needs_privacy)
        self.assertIn("/number", draft.changes_table)
        draft.action_submit()
        with self.assertRaises(UserError):
            self.ask(draft, "activate", self.author)
        self.ask(draft, "activate")
        self.assertEqual((draft.state, self.noted.state), ("active", "active"))
        self.assertEqual(self.trail(draft)[-1].contract, "test.noted.v2")
        self.assertTrue(self.trail(draft)[-1].digest)

    def test_both_versions_side_by_side(self):
        draft = self.new_version(lambda schema: schema["required"].append("number"))
        channel = self.make_channel(self.system, self.noted | draft)
        data = {"facility": "F", "value": 1}
        with self.assertRaises(MessageError) as refused:
            self.send(channel, self.event(data, draft.name))
        self.assertEqual(refused.exception.code, "type_not_accepted", "not approved yet")
        draft.action_submit()
        self.ask(draft, "activate")
        self.send(channel, self.event(data, self.noted.name))
        with self.assertRaises(MessageError) as refused:
            self.send(channel, self.event(data, draft.name))
        self.assertEqual(refused.exception.code, "contract_invalid")
        self.send(channel, self.event({**data, "number": "1"}, draft.name))
        self.ask(self.noted, "retire")
        with self.assertRaises(MessageError) as refused:
            self.send(channel, self.event(data, self.noted.name))
        self.assertEqual(refused.exception.code, "type_not_accepted")

    def test_a_paused_type(self):
        channel = self.make_channel(self.system, self.noted)
        self.ask(self.noted, "pause")
        with self.assertRaises(MessageError) as refused:
            self.send(channel, self.event({"facility": "F", "value": 1}, self.noted.name))
        self.assertEqual((refused.exception.code, refused.exception.retry_after), ("paused", 60))
        self.noted.with_user(self.approver).action_resume()
        self.send(channel, self.event({"facility": "F", "value": 1}, self.noted.name))

    def test_a_contract_in_use_is_not_edited(self):
        with self.assertRaises(UserError):
            self.noted.with_user(self.author).write({"contract_path": "contracts/other.json"})
        with self.assertRaises(UserError):
            self.noted.with_user(self.author).handler = False
        draft = self.new_version()
        draft.action_submit()
        with self.assertRaises(UserError):
            draft.contract_text = "{}"
        draft.description = "Texts may be mended"

    def test_a_contract_is_checked_when_it_is_submitted(self):
        for text in ("{", "[]", "{}", '{"x-hc-type": "test.noted.v2"}'):
            draft = self.new_version()
            draft.contract_text = text
            with self.subTest(text):
                self.assertTrue(draft.contract_problem)
                with self.assertRaises(UserError):
                    draft.action_submit()
            draft.unlink()
        draft = self.new_version(lambda schema: schema.update({"x-hc-type": "test.noted.v7"}))
        with self.assertRaises(UserError):
            draft.action_submit()

    def test_privacy(self):
        def keep_more(schema):
            schema["properties"]["comment"] |= {"x-hc-keep": "keep", "x-hc-reason": "It is needed"}

        draft = self.new_version(keep_more)
        self.assertTrue(draft.needs_privacy)
        draft.action_submit()
        with self.assertRaises(UserError):
            self.ask(draft, "activate")
        with self.assertRaises(AccessError):
            draft.with_user(self.approver).action_approve_privacy(WHY)
        with self.assertRaises(AccessError):
            draft.with_user(self.approver).write({"privacy_by_id": self.officer.id})
        self.ask(draft, "privacy", self.officer)
        self.assertEqual((draft.privacy_by_id, draft.state), (self.officer, "in_review"))
        self.ask(draft, "activate")
        self.assertEqual(draft.state, "active")
        self.assertEqual(
            draft.change_ids.sorted("id").mapped("step"),
            ["version", "submit", "privacy", "activate"],
        )

    def test_the_officer_is_asked_again_for_another_draft(self):
        def keep_more(schema):
            del schema["properties"]["comment"]["x-hc-keep"]
            schema["properties"]["comment"] |= {"x-hc-class": "operational"}

        draft = self.new_version(keep_more)
        draft.action_submit()
        self.ask(draft, "privacy", self.officer)
        self.ask(draft, "refuse")
        draft.action_submit()
        with self.assertRaises(UserError):
            self.ask(draft, "activate")

    def test_a_first_version_that_keeps_data_of_persons(self):
        schema = {**self.noted._contract().schema, "x-hc-type": "test.invented.v1"}
        kind = self.noted.with_user(self.author).create(
            {"code": "test.invented", "contract_text": json.dumps(schema)}
        )
        self.assertEqual((kind.state, kind.needs_privacy), ("draft", True))

    def test_types_of_an_older_database_stay_in_use(self):
        self.env.cr.execute(
            "UPDATE hc_message_type SET state = 'draft' WHERE id = %s", [self.noted.id]
        )
        self.env.invalidate_all()
        draft = self.new_version()
        made = importlib.util.spec_from_file_location("post_migrate", SCRIPT)
        module = importlib.util.module_from_spec(made)
        made.loader.exec_module(module)
        module.types_stay_in_use(self.env)
        self.assertEqual((self.noted.state, draft.state), ("active", "draft"))
