# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine.field_count import roll_up
from ..engine.ledger import COLUMNS, _values
from ..messaging.errors import MessageError
from .policy_case import PolicyCase

POINTERS = ["/facility", "/number", "/unit", "/phone", "/name", "/order", "/note"]


@tagged("post_install", "-at_install")
class TestFieldPolicy(PolicyCase):
    # -------------------------------------------------------------------- lines

    def test_a_line_for_each_field_of_the_contract(self):
        lines = self.policy.line_ids
        self.assertEqual(lines.mapped("pointer"), POINTERS)
        self.assertEqual(
            lines.mapped("contract_rule")[3:], ["keep", "keep", "pseudonymize", "drop"]
        )
        self.assertEqual(self.line("/name").field_class, "personal")
        self.assertEqual(self.line("/order").choices, "Mask, Drop")
        self.assertFalse(self.line("/facility").choices)
        self.assertEqual(self.policy.own_count, 0)

    def test_what_cannot_hold_is_refused(self):
        for pointer, rule in (
            ("/order", "keep"),
            ("/order", "last4"),
            ("/note", "mask"),
            ("/facility", "drop"),
            ("/number", "drop"),
            ("/unit", "mask"),
            ("/unit", "drop"),  # the handler does not say that it can do without
        ):
            with self.subTest(pointer, rule=rule), self.assertRaises(ValidationError):
                self.give(pointer, rule)

    def test_lines_are_those_of_the_contract(self):
        line = self.line("/name")
        values = {
            "policy_id": self.policy.id,
            "message_type_id": self.contact.id,
            "pointer": "/more",
            "field_class": "operational",
            "contract_rule": "keep",
        }
        for change in (
            lambda: line.create(values),
            line.unlink,
            lambda: line.write({"contract_rule": "drop"}),
            lambda: line.write({"approved_by_id": self.manager.id}),
            lambda: self.policy.write({"line_ids": [Command.create(values)]}),
            lambda: self.policy.write({"line_ids": [Command.delete(line.id)]}),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_a_new_version_follows_the_contract_and_the_channel(self):
        self.give("/name", "drop")
        self.approve()
        noted = self.make_noted()
        self.channel.message_type_ids = noted + self.contact
        draft = self.policy.browse(self.policy.action_new_version()["res_id"])
        self.assertEqual((draft.version, draft.state), (2, "draft"))
        self.assertEqual(self.line("/name", draft).own_rule, "drop")
        self.assertEqual(self.line("/name", draft).approved_by_id, self.officer)
        self.assertIn("/patient/mrn", draft.line_ids.mapped("pointer"))
        self.channel.message_type_ids = noted
        draft.action_submit()
        self.assertEqual(draft.line_ids.message_type_id, noted)

    # ----------------------------------------------------------------- approval

    def test_approved_by_a_privacy_officer_who_has_not_written_it(self):
        self.give("/name", "drop")
        with self.assertRaises(UserError):
            self.policy.with_user(self.officer).action_approve()  # nobody has submitted it
        self.policy.action_submit()
        with self.assertRaises(AccessError):
            self.policy.action_approve()
        with self.assertRaises(AccessError):
            self.policy.with_user(self.viewer).action_approve()
        self.policy.with_user(self.officer).action_approve()
        self.assertEqual(self.policy.state, "active")
        self.assertEqual(self.policy.approved_by_id, self.officer)
        self.assertEqual(self.line("/name").approved_by_id, self.officer)
        self.assertFalse(self.line("/phone").approved_by_id)
        self.assertEqual(self.channel.policy_version, 1)

    def test_officers_do_not_approve_their_own_work(self):
        self.line("/name").with_user(self.officer).write({"own_rule": "drop", "reason": "Why"})
        self.policy.with_user(self.second).action_submit()
        for author in (self.officer, self.second):
            with self.assertRaises(UserError):
                self.policy.with_user(author).action_approve()
        self.assertEqual(self.policy.state, "in_review")

    def test_every_change_says_why(self):
        self.give("/name", "drop", reason=" ")
        with self.assertRaisesRegex(ValidationError, "/name"):
            self.policy.action_submit()
        self.give("/name", "drop")
        self.approve()
        draft = self.policy.browse(self.policy.action_new_version()["res_id"])
        self.line("/name", draft).write({"own_rule": False, "reason": False})
        self.assertEqual(draft.changed_count, 1)
        self.assertTrue(self.line("/name", draft).is_changed)
        self.assertFalse(self.line("/name", draft).approved_by_id)
        with self.assertRaisesRegex(ValidationError, "/name"):
            draft.action_submit()

    def test_what_is_looked_at_or_was_in_force_stays_as_it_is(self):
        self.give("/name", "drop")
        self.policy.action_submit()
        line = self.line("/name")
        changes = (
            lambda: line.write({"own_rule": "mask"}),
            lambda: self.policy.write({"reason": "Another"}),
            self.policy.unlink,
        )
        for change in changes:
            with self.assertRaises(UserError):
                change()
        self.policy.action_revise()
        self.give("/name", "mask")
        self.approve()
        for change in changes:
            with self.assertRaises(UserError):
                change()

    def test_state_is_not_written_past_its_steps(self):
        for vals in (
            {"state": "active"},
            {"version": 9},
            {"author_ids": [Command.clear()]},
            {"submitted_by_id": self.officer.id},
            {"approved_by_id": self.officer.id},
        ):
            with self.subTest(vals), self.assertRaises(AccessError):
                self.policy.write(vals)
        with self.assertRaises(AccessError):
            self.policy.create({"channel_id": self.channel.id, "state": "active"})
        other = self.make_channel(self.system, self.contact, code="other")
        with self.assertRaises(UserError):
            self.policy.channel_id = other

    def test_viewers_read_and_do_not_write(self):
        policy = self.policy.with_user(self.viewer)
        self.assertEqual(policy.line_ids.mapped("pointer"), POINTERS)
        self.assertIn("/name", self.channel.with_user(self.viewer).minimization_table)
        for action in ("action_submit", "action_revise", "action_approve", "action_new_version"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(policy, action)()
        with self.assertRaises(AccessError):
            policy.line_ids.own_rule = "drop"

    @mute_logger("odoo.sql_db")
    def test_one_version_is_active(self):
        self.approve()
        draft = self.policy.browse(self.policy.action_new_version()["res_id"])
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            draft._sudo_write({"state": "active"})
            draft.flush_recordset()

    def test_the_trail_tells_who_and_what(self):
        self.give("/name", "drop")
        self.policy.action_submit()
        self.policy.action_revise()
        self.approve()
        events = self.env["hc.audit.event"].search(
            [("object", "=", f"hc.field.policy,{self.policy.id}"), ("action", "=like", "policy.%")],
            order="id",
        )
        self.assertEqual(
            events.mapped("action"),
            ["policy.submitted", "policy.returned", "policy.submitted", "policy.approved"],
        )
        self.assertEqual(events[-1].user_id, self.officer)

    # --------------------------------------------------------------- the ledger

    def test_messages_are_minimized_by_the_version_in_force(self):
        self.give("/name", "pseudonymize")
        self.give("/order", "drop")
        data = {"name": "Ophelia", "order": "O-4711", "phone": "01 5550100"}
        before = self.send(self.channel, self.event({"facility": "F", **data}, self.contact.name))
        self.assertEqual(before.payload["name"], "Ophelia")
        self.assertEqual(before.payload["phone"], "+4315550100")
        self.assertEqual(before.policy_version, 0)
        self.approve()
        after = self.send(self.channel, self.event({"facility": "F", **data}, self.contact.name))
        self.assertTrue(after.payload["name"].startswith("hcp1_"))
        self.assertNotIn("order", after.payload)
        self.assertEqual(after.dropped, {"/order": 1})
        self.assertEqual(after.policy_version, 1)
        domain = f"{self.contact.name}:/name"
        key = self.env["hc.pseudonym.key"].search([("domain", "=", domain)])
        self.assertEqual(key.state, "current", "it is seen, and can be replaced")

    def test_a_resend_after_a_change_of_policy_is_a_duplicate(self):
        first = self.send(self.channel, self.contact_event(name="Ophelia"))
        self.give("/name", "drop")
        self.approve()
        self.assertEqual(self.send(self.channel, self.contact_event(name="Ophelia")), first)
        with self.assertRaises(MessageError) as caught:
            self.send(self.channel, self.contact_event(name="Laertes"))
        self.assertEqual(caught.exception.code, "id_reused")

    def test_what_is_no_telephone_number_is_dropped_and_told(self):
        message = self.send(self.channel, self.contact_event(phone="ask Ophelia"))
        self.assertNotIn("phone", message.payload)
        self.assertEqual(message.dropped, {"/phone": 1})
        self.assertFalse(self.rows_with("ask Ophelia"))

    def test_numbers_are_dialled_from_the_company_of_the_facility(self):
        other = self.env["res.company"].create(
            {"name": "Bern", "country_id": self.env.ref("base.ch").id}
        )
        self.env["hc.site"].create(
            {
                "name": "Bern",
                "system_id": self.system.id,
                "facility_code": "BERN",
                "company_id": other.id,
            }
        )
        for facility, number in (("BERN", "+41313221111"), ("F", "+43313221111")):
            event = self.event({"facility": facility, "phone": "031 322 11 11"}, self.contact.name)
            self.assertEqual(self.send(self.channel, event).payload["phone"], number)

    def test_what_is_sent_is_minimized_too(self):
        segment = ("segment", "=", self.system.segment)
        lane = self.env["hc.lane"].search([("direction", "=", "out"), segment], limit=1)
        out = self.make_channel(
            self.system,
            self.contact,
            code="out",
            direction="out",
            lane_id=lane.id,
        )
        policy = self.policy.create({"channel_id": out.id})
        self.give("/name", "mask", policy=policy)
        self.approve(policy)
        self.env["hc.outbox"]._send(
            self.contact.name,
            {"facility": "F", "name": "Ophelia"},
            company=self.env.company,
            key="k-1",
        )
        message = self.env["hc.message"].search([("channel_id", "=", out.id)])
        self.assertEqual((message.payload["name"], message.policy_version), ("***", 1))

    # ------------------------------------------------------------------- counts

    def counted(self, pointer="*", **values):
        domain = [("channel_id", "=", self.channel.id), ("pointer", "=", pointer)]
        return self.env["hc.field.count"].search(domain)

    def test_values_that_were_not_kept_are_added_up(self):
        self.send(self.channel, self.contact_event(note={"deep": "Ophelia"}, more=1, less=2))
        self.send(self.channel, self.event({"facility": "F"}, self.contact.name))
        today = fields.Date.today()
        for _again in range(2):
            roll_up(self.env.cr, today)
            self.env.invalidate_all()
        other, note = self.counted(), self.counted("/note")
        self.assertEqual((other.message_count, other.dropped_count), (2, 2))
        self.assertEqual((note.message_count, note.dropped_count), (2, 1))
        self.assertEqual((note.day, note.company_id), (today, self.env.company))
        table = self.channel.with_user(self.viewer).minimization_table
        self.assertIn("2 messages in 7 days, 2 in 30", table)
        self.assertFalse(self.rows_with("Ophelia"))

    def test_of_some_nothing_was_left_out(self):
        """A message of an earlier version has JSON's null there, and none of SQL."""
        self.send(self.channel, self.contact_event(note="Ophelia"))
        plain = self.send(self.channel, self.event({"facility": "F"}, self.contact.name))
        self.env.cr.execute("UPDATE hc_message SET dropped = 'null' WHERE id = %s", [plain.id])
        roll_up(self.env.cr, fields.Date.today())
        self.assertEqual(self.counted("/note").dropped_count, 1)
        row = dict.fromkeys(COLUMNS) | {"payload": {}}
        values = dict(zip(COLUMNS, _values(row), strict=True))
        self.assertIsNone(values["dropped"])
        self.assertIsNotNone(values["payload"])

    def test_counts_stay_when_content_goes(self):
        message = self.send(self.channel, self.contact_event(more=1))
        roll_up(self.env.cr, fields.Date.today())
        self.env.cr.execute("UPDATE hc_message SET dropped = NULL WHERE id = %s", [message.id])
        roll_up(self.env.cr, fields.Date.today())
        self.env.invalidate_all()
        self.assertEqual(self.counted().dropped_count, 1)

    def test_the_scheduled_action_catches_up(self):
        message = self.send(self.channel, self.contact_event(more=1))
        self.env.cr.execute(
            "UPDATE hc_message SET create_date = create_date - interval '3 days' WHERE id = %s",
            [message.id],
        )
        self.env["hc.field.count"].search([]).unlink()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["hc.field.count"]._cron_roll_up()
        self.env.invalidate_all()
        self.assertEqual(self.counted().day, fields.Date.today() - timedelta(days=3))
