# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..engine import wake
from .common import EngineCase

NOTED = "test.noted.v1"
DATA = {"facility": "MAIN", "value": 3, "patient": {"mrn": "CANARY-MRN-7731"}}


class TestStaffEntry(EngineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.noted = cls.make_noted()
        cls.nurse = new_test_user(cls.env, "nurse-test", "base.group_user")

    def setUp(self):
        super().setUp()
        self.enterContext(patch.dict(wake._signalled_at, clear=True))
        self.entry = self.env["hc.staff.entry"].with_user(self.nurse)

    def enter(self, data=None, **values):
        data = DATA if data is None else data
        with self.enter_registry_test_mode():
            code = self.entry._channel("notes", NOTED, "Notes of the staff")
            uuid = self.entry._post(code, NOTED, data, **values)
        self.env.invalidate_all()
        return self.env["hc.message"].search([("uuid", "=", uuid)])

    def test_what_staff_enter_is_an_event_like_any_other(self):
        message = self.enter(subject="ICU-1")
        self.assertEqual((message.state, message.source), ("received", "urn:hc:odoo"))
        self.assertEqual((message.subject, message.format), ("ICU-1", "cloudevents"))
        self.assertEqual(message.payload["patient"]["mrn"][:5], "hcp1_")
        self.assertTrue(message.event_time)
        self.assertTrue(message.lane_id.signalled)
        system = message.system_id
        self.assertEqual((system.kind, system.environment), ("other", "production"))
        self.assertTrue(system.is_internal and system.user_id.is_hc_system)
        self.assertFalse(self.rows_with("CANARY-MRN-7731"))

    def test_its_handler_has_it(self):
        message = self.enter()
        self.lane = message.lane_id
        handled = []

        def handle(handler, items):
            handled.extend((handler.env.uid, item.data["value"]) for item in items)

        with patch.object(type(self.env["hc.message.handler"]), "_handle", handle):
            self.drain()
        self.assertEqual(handled, [(message.system_id.user_id.id, "3")])
        self.assertEqual(message.state, "done")

    def test_the_trail_names_the_person(self):
        message = self.enter()
        events = self.env["hc.audit.event"].search([("object", "=", message.uuid)])
        self.assertEqual(events.mapped("user_id"), self.nurse)

    def test_the_same_entry_again_is_no_second_one(self):
        message = self.enter(event_id="tap-1")
        self.assertEqual(self.enter(event_id="tap-1"), message)
        with self.assertRaisesRegex(UserError, "used before"):
            self.enter({**DATA, "value": 4}, event_id="tap-1")
        self.assertNotEqual(self.enter(), self.enter())

    def test_refusal_is_a_sentence_without_a_value(self):
        before = self.env["hc.message"].search_count([])
        with self.assertRaises(UserError) as caught:
            self.enter({"value": "CANARY-MRN-7731"})
        text = str(caught.exception)
        self.assertIn("break the contract", text)
        self.assertIn("/facility: required", text)
        self.assertNotIn("CANARY", text)
        self.assertEqual(self.env["hc.message"].search_count([]), before)

    def test_paused_and_retired_channels_take_nothing(self):
        channel = self.enter().channel_id
        channel.action_pause()
        with self.assertRaisesRegex(UserError, "paused"):
            self.enter()
        channel.action_retire()
        with self.assertRaises(UserError):
            self.enter()

    def test_an_archived_channel_takes_nothing(self):
        self.enter().channel_id.active = False
        with self.assertRaises(UserError):
            self.enter()

    def test_a_type_that_nobody_takes_is_refused(self):
        self.enter()
        with self.enter_registry_test_mode():
            with self.assertRaises(UserError):
                self.entry._channel("notes", "test.unknown.v1", "Notes")
            with self.assertRaises(UserError):
                self.entry._post("notes", "test.unknown.v1", DATA)
            with self.assertRaises(UserError):
                self.entry._post("other", NOTED, DATA)

    def test_each_company_has_its_own(self):
        first = self.enter().system_id
        company = self.env["res.company"].create({"name": "Second hospital"})
        self.nurse.company_ids += company
        self.entry = self.entry.with_company(company)
        second = self.enter().system_id
        self.assertEqual((first.company_id, second.company_id), (self.env.company, company))
        self.assertNotEqual(first.code, second.code)

    def test_nobody_else_sends_in_its_name(self):
        system = self.enter().system_id
        with self.assertRaises(ValidationError):
            self.env["hc.credential"].create({"system_id": system.id})
        manager = new_test_user(
            self.env,
            "manager-test",
            "base.group_user,healthcare_integration_base.group_integration_manager",
        )
        with self.assertRaises(AccessError):
            self.env["hc.system"].with_user(manager).create(
                {"name": "Odoo", "code": "odoo-x", "is_internal": True}
            )

    def test_data_that_no_json_holds_is_refused(self):
        with self.assertRaises(UserError):
            self.enter({**DATA, "value": float("nan")})
        self.assertTrue(json.dumps(self.enter({**DATA, "value": 0.1}).payload))
