# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..messaging.errors import MessageError
from .common import EngineCase

BASE = "healthcare_integration_base"
NOTED = "test.noted.v1"


@tagged("post_install", "-at_install")
class TestChannelMapping(EngineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        manager = f"{BASE}.group_integration_manager"
        cls.author = new_test_user(cls.env, "hc.map.author", manager)
        cls.other = new_test_user(cls.env, "hc.map.other", manager)
        cls.viewer = new_test_user(cls.env, "hc.map.viewer", f"{BASE}.group_integration_viewer")
        cls.noted = cls.make_noted()
        cls.system = cls.make_system("mapping-tests")
        cls.channel = cls.make_channel(cls.system, cls.noted)
        cls.mapping = (
            cls.env["hc.channel.mapping"]
            .with_user(cls.author)
            .create({"channel_id": cls.channel.id, "line_ids": [cls.line("/number", "no")]})
        )

    @classmethod
    def line(cls, target, source, **values):
        return Command.create(
            {
                "message_type_id": cls.noted.id,
                "target": target,
                "source": source,
                **values,
            }
        )

    def activate(self, mapping=None):
        (mapping or self.mapping).with_user(self.other).action_activate()

    def noted_event(self, **data):
        return self.event({"facility": "F", "value": 1, **data}, NOTED, id="e-1")

    # ------------------------------------------------------------------- rights

    def test_activated_by_somebody_else(self):
        with self.assertRaises(UserError):
            self.mapping.action_activate()
        self.activate()
        self.assertEqual(self.mapping.state, "active")
        self.assertEqual(self.mapping.activated_by_id, self.other)
        self.assertEqual(self.channel.mapping_version, 1)

    def test_who_changed_a_line_is_an_author_too(self):
        self.mapping.line_ids.with_user(self.other).source = "number_of_ours"
        with self.assertRaises(UserError):
            self.activate()

    def test_who_changed_a_value_is_an_author_too(self):
        self.mapping.line_ids.with_user(self.other).write(
            {"value_ids": [Command.create({"source": "1", "target": "one"})]}
        )
        with self.assertRaises(UserError):
            self.activate()

    def test_viewers_read_and_do_not_write(self):
        mapping = self.mapping.with_user(self.viewer)
        self.assertEqual(mapping.line_ids.target, "/number")
        self.assertTrue(mapping.line_ids.targets(self.noted.id))
        for action in ("action_activate", "action_retire", "action_new_version"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(mapping, action)()
        with self.assertRaises(AccessError):
            mapping.line_ids.source = "x"

    def test_state_is_not_written_past_its_steps(self):
        for vals in (
            {"state": "active"},
            {"version": 9},
            {"author_ids": [Command.clear()]},
            {"activated_by_id": self.other.id},
        ):
            with self.subTest(vals), self.assertRaises(AccessError):
                self.mapping.write(vals)
        with self.assertRaises(AccessError):
            self.mapping.create({"channel_id": self.channel.id, "state": "active"})

    def test_activation_stands_in_the_trail(self):
        self.activate()
        self.mapping.action_retire()
        events = self.env["hc.audit.event"].search(
            [
                ("object", "=", f"hc.channel.mapping,{self.mapping.id}"),
                ("family", "=", "mapping"),
            ],
            order="id",
        )
        self.assertEqual(events.mapped("action"), ["mapping.activated", "mapping.retired"])
        self.assertEqual(events[0].user_id, self.other)
        self.assertEqual(events[0].details["authors"], self.author.ids)

    # ----------------------------------------------------------------- versions

    def test_what_was_active_stays_as_it_is(self):
        self.activate()
        line = self.mapping.line_ids
        for change in (
            lambda: line.write({"source": "x"}),
            lambda: line.write({"value_ids": [Command.create({"source": "1", "target": "2"})]}),
            lambda: self.mapping.write({"line_ids": [self.line("/thread", "t")]}),
            lambda: line.create({"mapping_id": self.mapping.id, "target": "/thread"}),
            line.unlink,
            self.mapping.unlink,
        ):
            with self.assertRaises(UserError):
                change()

    def test_a_new_version_is_a_draft_with_the_same_lines(self):
        self.mapping.line_ids.value_ids = [Command.create({"source": "1", "target": "one"})]
        self.activate()
        found = self.mapping.action_new_version()
        draft = self.mapping.browse(found["res_id"])
        self.assertEqual((draft.version, draft.state), (2, "draft"))
        self.assertEqual(draft.line_ids.value_ids.mapped("target"), ["one"])
        self.assertEqual(draft.author_ids, self.author)
        self.assertEqual(self.channel.mapping_version, 1)
        self.activate(draft)
        self.assertEqual((self.mapping.state, draft.state), ("retired", "active"))
        self.assertEqual(self.channel.mapping_version, 2)

    @mute_logger("odoo.sql_db")
    def test_one_version_is_active(self):
        self.activate()
        draft = self.mapping.browse(self.mapping.action_new_version()["res_id"])
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            draft._sudo_write({"state": "active"})
            draft.flush_recordset()

    def test_an_empty_mapping_is_not_activated(self):
        self.mapping.line_ids.unlink()
        with self.assertRaises(UserError):
            self.activate()

    def test_the_format_stays_while_a_mapping_is_active(self):
        self.channel.format = "fhir"
        self.channel.format = "cloudevents"
        self.activate()
        with self.assertRaises(ValidationError):
            self.channel.format = "fhir"

    # -------------------------------------------------------------------- rules

    def test_rules_that_cannot_hold_are_not_saved(self):
        for target, source in (
            ("/nothing", "a"),
            ("/comment", "a"),
            ("/thread", "a["),
            ("/thread", "patient.mrn"),
            ("/thread", ""),
        ):
            with self.subTest(target, source=source), self.assertRaises(ValidationError):
                self.mapping.write({"line_ids": [self.line(target, source)]})

    def test_types_of_other_channels_are_not_mapped(self):
        other = self.env["hc.message.type"].create(
            {
                "code": "test.other",
                "contract_module": BASE,
                "contract_path": "tests/contracts/test.noted.v1.json",
            }
        )
        with self.assertRaises(ValidationError):
            self.mapping.line_ids.message_type_id = other

    # --------------------------------------------------------------- the ledger

    def test_messages_are_read_by_the_active_version(self):
        first = self.send(self.channel, self.noted_event(no="N-1"))
        self.assertEqual((first.mapping_version, first.payload.get("number")), (0, None))
        self.activate()
        second = self.send(self.channel, self.event(
            {"facility": "F", "value": 1, "no": "N-2"}, NOTED
        ))  # fmt: skip
        self.assertEqual((second.mapping_version, second.payload["number"]), (1, "N-2"))
        self.mapping.action_retire()
        third = self.send(self.channel, self.event(
            {"facility": "F", "value": 1, "no": "N-3"}, NOTED
        ))  # fmt: skip
        self.assertEqual((third.mapping_version, third.payload.get("number")), (0, None))

    def test_a_resend_after_a_new_version_is_a_duplicate(self):
        first = self.send(self.channel, self.noted_event(no="N-1"))
        self.activate()
        self.assertEqual(self.send(self.channel, self.noted_event(no="N-1")), first)
        self.assertEqual(self.env["hc.message"].search_count(
            [("channel_id", "=", self.channel.id)]), 1)  # fmt: skip

    def test_other_content_after_a_new_version_is_no_duplicate(self):
        self.send(self.channel, self.noted_event(no="N-1"))
        self.activate()
        with self.assertRaises(MessageError) as caught:
            self.send(self.channel, self.noted_event(no="N-1", thread="T-2"))
        self.assertEqual(caught.exception.code, "id_reused")

    def test_other_content_under_the_same_version_is_refused(self):
        self.activate()
        self.send(self.channel, self.noted_event(no="N-1"))
        with self.assertRaises(MessageError) as caught:
            self.send(self.channel, self.noted_event(no="N-2"))
        self.assertEqual(caught.exception.code, "id_reused")

    def test_a_mapped_value_obeys_the_contract(self):
        self.mapping.write({"line_ids": [self.line("/value", "count")]})
        self.activate()
        with self.assertRaises(MessageError) as caught:
            self.send(self.channel, self.noted_event(count="many"))
        self.assertEqual(caught.exception.errors[0].pointer, "/value")

    def test_a_person_is_not_brought_into_an_operational_field(self):
        self.activate()
        message = self.send(
            self.channel,
            self.noted_event(no="CANARY-MRN-7731", patient={"mrn": "CANARY-MRN-7731"}),
        )
        self.assertNotIn("number", message.payload)
        self.assertEqual(message.dropped["/number"], 1)
        self.assertFalse(self.rows_with("CANARY-MRN-7731"))
