# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..engine.ledger import Group
from .common import EngineCase
from .retention_case import NOTED

BASE = "healthcare_integration_base"
TEXT = "Ophelia Canary, born 1951-02-03"


@tagged("post_install", "-at_install")
class TestOriginal(EngineCase):
    """What a sender wrote: sealed, for hours, behind glass."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.noted = cls.make_noted()
        cls.system = cls.make_system("originals")
        cls.channel = cls.make_channel(cls.system, cls.noted)
        for name in ("officer", "operator", "manager", "viewer"):
            group = "privacy_officer" if name == "officer" else f"integration_{name}"
            user = new_test_user(cls.env, f"original.{name}", f"{BASE}.group_{group}")
            setattr(cls, name, user)

    def ask(self, hours=24, user=None, reason="Looking for lots"):
        wizard = self.env["hc.channel.original.request"].with_user(user or self.manager)
        values = {"channel_id": self.channel.id, "hours": hours, "reason": reason}
        wizard.create(values).action_confirm()

    def turn_on(self):
        self.ask()
        self.channel.with_user(self.officer).action_approve_original()

    def post(self, raw=None, **data):
        event = self.event({"facility": "F", "value": 1, "note": TEXT, **data}, NOTED)
        raw = json.dumps(event.data, default=str).encode() if raw is None else raw
        group = Group(self.group(self.channel, event).entries, original=raw)
        self.store(self.channel, group)
        return self.env["hc.message"].search([("uuid", "=", group.result[0].uuid)])

    def glass(self, message, user=None, emergency=False):
        wizard = self.env["hc.original.ask"].with_user(user or self.operator)
        values = {"message_id": message.id, "reason": "Where is the lot", "is_emergency": emergency}
        action = wizard.create(values).action_confirm()
        return (
            self.env["hc.original.access"].with_user(user or self.operator).browse(action["res_id"])
        )

    def trail(self, action):
        return self.env["hc.audit.event"].search([("action", "=", action)], order="id desc")

    # ---------------------------------------------------------------- turning on

    def test_off_by_default(self):
        self.assertEqual(self.channel.original_state, "off")
        message = self.post()
        self.assertFalse(message.original_until)
        self.assertFalse(self.env["hc.message.original"].search([]))

    def test_two_persons_turn_it_on(self):
        self.ask()
        self.post()
        self.assertFalse(self.env["hc.message.original"].search([]), "not before it is approved")
        for user in (self.manager, self.operator, self.viewer):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.channel.with_user(user).action_approve_original()
        self.manager.group_ids += self.env.ref(f"{BASE}.group_privacy_officer")
        with self.assertRaises(UserError):
            self.channel.with_user(self.manager).action_approve_original()
        self.channel.with_user(self.officer).action_approve_original()
        self.assertEqual(self.channel.original_approved_by_id, self.officer)
        self.assertEqual(self.trail("original.approved")[:1].user_id, self.officer)
        self.assertTrue(self.post().original_until)

    def test_no_other_way_to_turn_it_on(self):
        for values in ({"original_state": "on"}, {"original_hours": 5}):
            with self.subTest(values), self.assertRaises(AccessError):
                self.channel.with_user(self.manager).write(values)
        for user in (self.operator, self.officer, self.viewer):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.ask(user=user)
        for hours in (0, 721, -1):
            with self.subTest(hours), self.assertRaises(UserError):
                self.ask(hours)
        with self.assertRaises(UserError):
            self.ask(reason=" ")
        self.turn_on()
        self.assertEqual(self.channel.copy().original_state, "off")

    def test_turned_off_again(self):
        self.turn_on()
        kept = self.post()
        self.channel.with_user(self.officer).action_stop_original()
        self.assertFalse(self.post().original_until)
        self.assertTrue(kept.original_until)
        self.assertTrue(self.trail("original.stopped"))

    # -------------------------------------------------------------------- keeping

    def test_it_is_sealed(self):
        self.turn_on()
        message = self.post()
        original = self.env["hc.message.original"].search([("message_id", "=", message.id)])
        self.assertFalse(self.rows_with(TEXT, "Ophelia"))
        self.assertTrue(original.sudo().sealed.startswith("hcs1."))
        self.assertEqual(json.loads(original._opened())["note"], TEXT)
        left = original.expires_at - fields.Datetime.now()
        self.assertAlmostEqual(left.total_seconds(), 24 * 3600, delta=300)
        # Bound to its message: moved to another it does not open.
        other = self.env["hc.message.original"].search(
            [("message_id", "=", self.post(raw=b"other").id)]
        )
        other.sudo().sealed = original.sudo().sealed
        with self.assertRaises(ValueError):
            other._opened()

    def test_nobody_reads_the_table(self):
        self.turn_on()
        self.post()
        for user in (self.manager, self.officer, self.operator, self.viewer):
            originals = self.env["hc.message.original"].with_user(user)
            with self.subTest(user.login), self.assertRaises(AccessError):
                originals.search([]).read(["sealed"])
            with self.subTest(user.login), self.assertRaises(AccessError):
                originals.search([]).export_data(["sealed"])

    def test_a_resend_keeps_no_second_one(self):
        self.turn_on()
        event = self.event({"facility": "F", "value": 1}, NOTED)
        for _time in range(2):
            group = Group(self.group(self.channel, event).entries, original=b"x")
            self.store(self.channel, group)
        self.assertEqual(len(self.env["hc.message.original"].search([])), 1)

    def test_messages_of_one_document_share_it(self):
        self.turn_on()
        events = [self.event({"facility": "F", "value": one}, NOTED) for one in (1, 2)]
        group = Group(self.group(self.channel, *events).entries, original=b"both")
        self.store(self.channel, group)
        self.assertEqual(len(self.env["hc.message.original"].search([])), 1)
        uuids = [one.uuid for one in group.result]
        messages = self.env["hc.message"].search([("uuid", "in", uuids)])
        self.assertEqual([bool(one.original_until) for one in messages], [True, True])

    def test_its_time_is_over(self):
        self.turn_on()
        first, second = self.post(), self.post()
        access = self.glass(first, emergency=True)
        self.env["hc.message.original"].search([("message_id", "=", first.id)]).sudo().write(
            {"expires_at": fields.Datetime.now() - timedelta(hours=1)}
        )
        self.assertFalse(first.original_until)
        self.assertIn("deleted", access.open_original()["refused"])
        self.env["hc.message.original"]._delete_expired()
        self.assertEqual(self.env["hc.message.original"].search([]).message_id, second)

    def test_it_goes_with_the_content(self):
        self.turn_on()
        message = self.post()
        self.env.cr.execute("UPDATE hc_message SET state = 'done' WHERE id = %s", [message.id])
        self.env["hc.message"]._sudo_prune(message.ids, "erasure")
        self.assertFalse(self.env["hc.message.original"].search([]))

    # -------------------------------------------------------------------- opening

    def test_a_second_person_agrees(self):
        self.turn_on()
        access = self.glass(self.post())
        self.assertIn("not agreed", access.open_original()["refused"])
        self.assertEqual(self.trail("original.opened")[:1].outcome, "refused")
        with self.assertRaises(AccessError):
            access.action_approve()
        access.with_user(self.officer).action_approve()
        self.assertIn(TEXT, access.open_original()["text"])
        event = self.trail("original.opened")[:1]
        self.assertEqual((event.outcome, event.user_id), ("opened", self.operator))
        self.assertEqual(access.opened_count, 1)
        # The officer who agreed has no reason of her own to see it.
        self.assertIn("Only who asked", access.with_user(self.officer).open_original()["refused"])
        self.assertEqual(self.trail("original.opened")[:1].user_id, self.officer)
        access.sudo().granted_until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertIn("is over", access.open_original()["refused"])
        self.assertFalse(self.rows_with(TEXT, "Ophelia"))

    def test_nobody_decides_about_their_own(self):
        self.turn_on()
        message = self.post()
        self.operator.group_ids += self.env.ref(f"{BASE}.group_privacy_officer")
        access = self.glass(message)
        with self.assertRaises(UserError):
            access.action_approve()
        self.assertTrue(access.open_original()["refused"])

    def test_refused(self):
        self.turn_on()
        access = self.glass(self.post())
        access.with_user(self.officer).action_refuse()
        self.assertTrue(access.open_original()["refused"])
        with self.assertRaises(UserError):
            access.with_user(self.officer).action_approve()

    def test_emergency(self):
        self.turn_on()
        access = self.glass(self.post(), emergency=True)
        self.assertIn(TEXT, access.open_original()["text"])
        self.assertEqual(self.trail("original.emergency")[:1].user_id, self.operator)
        told = access.sudo().message_ids.notified_partner_ids
        self.assertIn(self.officer.partner_id, told)
        self.assertNotIn("Ophelia", " ".join(access.sudo().message_ids.mapped("body")))
        access.with_user(self.officer).action_review()
        self.assertEqual((access.state, access.decided_by_id), ("reviewed", self.officer))
        with self.assertRaises(UserError):
            access.with_user(self.officer).action_refuse()

    def test_an_emergency_is_stopped(self):
        self.turn_on()
        access = self.glass(self.post(), emergency=True)
        access.with_user(self.officer).action_refuse()
        self.assertTrue(access.open_original()["refused"])

    def test_who_may_not_ask(self):
        self.turn_on()
        message = self.post()
        for user in (self.viewer, self.officer, self.system.user_id):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.glass(message, user)
            with self.subTest(user.login), self.assertRaises(AccessError):
                message.with_user(user).action_ask_original()
        access = self.glass(message)
        for user in (self.manager, self.viewer, self.system.user_id):
            with self.subTest(user.login), self.assertRaises(AccessError):
                access.with_user(user).open_original()
        for values in ({"state": "granted"}, {"granted_until": fields.Datetime.now()}):
            with self.subTest(values), self.assertRaises(AccessError):
                access.write(values)

    def test_nothing_of_it_is_logged(self):
        self.turn_on()
        with self.assertLogs("odoo", "DEBUG") as logs:
            access = self.glass(self.post(), emergency=True)
            access.open_original()
            self.env.flush_all()
        self.assertNotIn("Ophelia", "\n".join(logs.output))
