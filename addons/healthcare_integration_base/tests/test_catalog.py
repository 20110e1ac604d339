# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..models import contract_table

BASE = "healthcare_integration_base"


@tagged("post_install", "-at_install")
class TestCatalog(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.author = new_test_user(cls.env, "hc.author", f"{BASE}.group_integration_manager")
        cls.approver = new_test_user(cls.env, "hc.approver", f"{BASE}.group_integration_manager")
        cls.operator = new_test_user(cls.env, "hc.operator", f"{BASE}.group_integration_operator")
        cls.viewer = new_test_user(cls.env, "hc.viewer", f"{BASE}.group_integration_viewer")
        cls.system = cls.env["hc.system"].create({"name": "Cabinet", "code": "cab"})
        cls.type = cls.env["hc.message.type"].create(
            {
                "code": "test.catalogued",
                "contract_module": BASE,
                "contract_path": "tests/contracts/test.noted.v1.json",
            }
        )
        cls.channel = (
            cls.env["hc.channel"]
            .with_user(cls.author)
            .create(
                {
                    "name": "Use",
                    "code": "use",
                    "system_id": cls.system.id,
                    "message_type_ids": [(6, 0, cls.type.ids)],
                }
            )
        )

    def test_codes(self):
        for code in ("Cab", "a b", "-a", "ä", ""):
            with self.subTest(code), self.assertRaises(ValidationError):
                self.env["hc.system"].create({"name": "x", "code": code})
            with self.subTest(code), self.assertRaises(ValidationError):
                self.channel.code = code

    def test_lane_follows_the_segment(self):
        self.assertEqual(self.channel.lane_id, self.env.ref(f"{BASE}.lane_enterprise"))
        self.system.segment = "clinical"
        self.assertEqual(self.channel.lane_id.segment, "clinical")
        with self.assertRaises(ValidationError):
            self.channel.lane_id = self.env.ref(f"{BASE}.lane_enterprise")

    def test_approved_by_somebody_else(self):
        self.channel.action_submit()
        self.assertEqual(self.channel.state, "in_review")
        with self.assertRaises(UserError):
            self.channel.action_activate()
        self.channel.with_user(self.approver).action_activate()
        self.assertEqual(self.channel.state, "active")
        self.assertEqual(self.channel.approved_by_id, self.approver)

    def test_way_of_a_channel(self):
        with self.assertRaises(UserError):
            self.channel.action_pause()
        self.channel.action_submit()
        self.channel.with_user(self.approver).action_activate()
        self.channel.action_pause()
        self.channel.action_resume()
        self.channel.action_retire()
        self.assertEqual(self.channel.state, "retired")
        for action in ("action_submit", "action_resume", "action_retire"):
            with self.subTest(action), self.assertRaises(UserError):
                getattr(self.channel, action)()

    def test_state_is_not_written_past_its_steps(self):
        with self.assertRaises(AccessError):
            self.channel.write({"state": "active"})
        with self.assertRaises(AccessError):
            self.channel.write({"submitted_by_id": self.approver.id})
        with self.assertRaises(AccessError):
            self.env["hc.channel"].with_user(self.author).create(
                {"name": "x", "code": "x", "system_id": self.system.id, "state": "active"}
            )

    def test_nothing_to_take_is_not_activated(self):
        self.channel.message_type_ids = False
        self.channel.action_submit()
        with self.assertRaises(UserError):
            self.channel.with_user(self.approver).action_activate()

    def test_copy_is_a_draft(self):
        self.channel.action_submit()
        copy = self.channel.copy()
        self.assertEqual((copy.state, copy.code), ("draft", "use-copy"))
        twin = self.system.copy()
        self.assertEqual(twin.code, "cab-copy")
        self.assertTrue(twin.user_id)
        self.assertNotEqual(twin.user_id, self.system.user_id)

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_operator_and_viewer_do_not_change_the_catalog(self):
        for user in (self.operator, self.viewer):
            channel = self.channel.with_user(user)
            self.assertEqual(channel.name, "Use")
            with self.subTest(user.login), self.assertRaises(AccessError):
                channel.action_submit()
            with self.subTest(user.login), self.assertRaises(AccessError):
                channel.system_id.write({"name": "x"})

    def test_viewer_reads_every_screen(self):
        system = self.system.with_user(self.viewer)
        readable = [name for name, field in system._fields.items() if not field.groups]
        values = system.read(readable)[0]
        self.assertEqual(values["channel_count"], 1)
        self.assertEqual(values["health"], "ok")

    def test_contract_has_to_be_there(self):
        with self.assertRaises(ValidationError):
            self.type.contract_path = "contracts/none.json"

    def test_handler_has_to_be_one(self):
        for handler in ("hc.handler.nowhere", "res.partner"):
            with self.subTest(handler), self.assertRaises(ValidationError):
                self.type.handler = handler

    def test_contract_as_a_table(self):
        rows = {row.path: row for row in contract_table.rows(self.type._contract().schema)}
        self.assertIn("value", rows)
        self.assertEqual(rows["value"].field_class, "operational")
        self.assertIn("o_hc_contract", self.type.field_table)

    def test_table_of_nested_contract(self):
        schema = {
            "required": ["lines"],
            "properties": {
                "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
                "patient": {
                    "x-hc-class": "personal",
                    "properties": {"mrn": {"type": "string", "x-hc-keep": "pseudonymize"}},
                },
                "note": {"type": "string", "x-hc-class": "clinical"},
            },
            "$defs": {
                "line": {
                    "required": ["item"],
                    "properties": {"item": {"type": "string", "x-hc-class": "operational"}},
                }
            },
        }
        table = [
            (row.path, row.required, row.field_class, row.keep)
            for row in contract_table.rows(schema)
        ]
        self.assertEqual(
            table,
            [
                ("lines[].item", True, "operational", "keep"),
                ("patient.mrn", False, "personal", "pseudonymize"),
                ("note", False, "clinical", "drop"),
            ],
        )

    def test_other_company_sees_nothing(self):
        company = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "hc.stranger",
            f"{BASE}.group_integration_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for model in ("hc.system", "hc.channel"):
            found = self.env[model].with_user(stranger).search([])
            self.assertFalse(found & (self.system if model == "hc.system" else self.channel))
