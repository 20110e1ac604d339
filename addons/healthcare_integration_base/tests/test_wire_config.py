# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import dataclasses

from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestWireConfig(TransactionCase):
    """What the web door knows is plain, cannot be changed, and is never stale."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.env["hc.system"].create({"name": "Cabinet", "code": "cab"})
        cls.channel = cls.env["hc.channel"].create(
            {"name": "Use", "code": "use", "system_id": cls.system.id, "state": "active"}
        )
        cls.credential = cls.env["hc.credential"].create({"system_id": cls.system.id})
        cls.credential._issue()

    def config(self):
        return self.env["hc.system"]._wire_config()[self.credential.key_id]

    def test_cached(self):
        self.assertIs(self.config(), self.config())

    def test_plain_and_frozen(self):
        with self.assertRaises(dataclasses.FrozenInstanceError):
            self.config().revoked = True

    def test_follows_every_change(self):
        self.assertEqual(self.config().system.channels[0].state, "active")
        self.channel.action_pause()
        self.assertEqual(self.config().system.channels[0].state, "paused")
        self.system.environment = "production"
        self.assertEqual(self.config().system.environment, "production")
        site = self.env["hc.site"].create(
            {"name": "North", "system_id": self.system.id, "facility_code": "NORTH"}
        )
        self.assertEqual(self.config().system.facilities, {"NORTH": site.company_id.id})
        self.channel.lane_id.shard_count = 4
        self.assertEqual(self.config().system.channels[0].shard_count, 4)
        site.unlink()
        self.assertFalse(self.config().system.facilities)
        self.system.active = False
        self.assertNotIn(self.credential.key_id, self.env["hc.system"]._wire_config())

    def test_type_without_a_contract_closes_no_other(self):
        good, gone = self.env["hc.message.type"].create(
            [
                {
                    "code": "test.wired",
                    "contract_module": "healthcare_integration_base",
                    "contract_path": "tests/contracts/test.noted.v1.json",
                },
                {
                    "code": "test.gone",
                    "contract_module": "healthcare_integration_base",
                    "contract_path": "tests/contracts/test.noted.v1.json",
                },
            ]
        )
        self.channel.message_type_ids = good | gone
        self.env.cr.execute(
            "UPDATE hc_message_type SET contract_path = 'contracts/none.json' WHERE id = %s",
            [gone.id],
        )
        gone.invalidate_recordset()
        logger = "odoo.addons.healthcare_integration_base.models.hc_message_type"
        with self.assertLogs(logger, "ERROR"):
            types = self.config().system.channels[0].types
        self.assertEqual(set(types), {"test.wired.v1"})
        self.assertEqual(types["test.wired.v1"][0], good.id)
