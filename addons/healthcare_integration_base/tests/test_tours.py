# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from ..engine.item import Fix
from .common import EngineCase
from .tour_case import TourCase

BASE = "healthcare_integration_base"
NOTED = "test.noted.v1"


@tagged("post_install", "-at_install")
class TestTours(TourCase, EngineCase):
    """What each group has to manage by itself in the browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role in ("viewer", "operator", "manager"):
            new_test_user(cls.env, f"hc.{role}", f"{BASE}.group_integration_{role}")
        new_test_user(cls.env, "hc.approver", f"{BASE}.group_integration_manager")
        cls.type = cls.env["hc.message.type"].create(
            {
                "code": "test.noted",
                "version": 1,
                "contract_module": BASE,
                "contract_path": "tests/contracts/test.noted.v1.json",
                "handler": "hc.message.handler",
            }
        )
        cls.partner = cls.env["res.partner"].create({"name": "Tour Vendor"})

    def setUp(self):
        super().setUp()
        patcher = patch.object(type(self.env["hc.message.handler"]), "_handle", self.handle)
        patcher.start()
        self.addCleanup(patcher.stop)

    def handle(self, items):
        """A handler that needs a vendor to be mapped."""
        for item in items:
            known = self.env["hc.identifier"]._resolve_many(
                self.env["hc.system"].browse(item.system_id), "vendor", [("local", "4711")]
            )
            if partner := known.get(("local", "4711")):
                item.effect("note", "res.partner", partner)
            else:
                fix = Fix("identifier", "vendor", "local", "4711")
                item.review("unmapped_item", subject="local|4711", fix=fix)

    def note(self):
        """A message that waits for somebody to map the vendor."""
        channel = self.make_channel(self.make_system("tour-sender"), self.type)
        event = self.event({"facility": "F", "value": 1}, NOTED, id="tour-event-1")
        message = self.send(channel, event)
        self.drain()
        self.assertEqual(message.state, "review")
        return message

    def test_operator_mends_a_mapping(self):
        message = self.note()
        self.walk("hc_operator_mends_a_mapping", "integration", "hc.operator")
        self.env.invalidate_all()
        self.assertEqual(message.issue_id.state, "resolved")
        self.drain()
        self.assertEqual(message.state, "done")
        self.assertEqual(message.effect_ids.res_id, self.partner.id)

    def test_viewer_sees_no_content(self):
        self.note()
        self.walk("hc_viewer_sees_no_content", "integration-messages", "hc.viewer")

    def test_manager_keeps_the_catalog(self):
        self.walk("hc_manager_keeps_the_catalog", "integration-systems", "hc.manager")
        system = self.env["hc.system"].search([("code", "=", "tour-cabinet")])
        self.assertEqual(system.channel_ids.state, "in_review")
        self.assertEqual(system.credential_ids.status, "active")
        self.walk("hc_manager_approves_a_channel", "integration-channels", "hc.approver")
        self.env.invalidate_all()
        self.assertEqual(system.channel_ids.state, "active")

    def test_manager_maps_a_channel(self):
        channel = self.make_channel(
            self.make_system("tour-sender"), self.type, name="tour-mapped", code="tour-mapped"
        )
        self.walk("hc_manager_maps_a_channel", "integration-channels", "hc.manager")
        self.assertEqual(channel.mapping_ids.line_ids.mapped("target"), ["/number"])
        self.assertEqual(channel.mapping_ids.line_ids.message_type_id, self.type)
        self.walk("hc_manager_activates_a_mapping", "integration-mappings", "hc.approver")
        self.env.invalidate_all()
        self.assertEqual(channel.mapping_version, 1)
