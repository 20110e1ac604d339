# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import importlib.util
from pathlib import Path

from odoo.tests import tagged

from .outbound_common import OutboundCase

SCRIPT = Path(__file__).parents[1] / "migrations/19.0.1.1.0/post-migrate.py"


@tagged("post_install", "-at_install")
class TestMigration(OutboundCase):
    """What a database of an earlier version holds is taken over, not doubled."""

    def migrate(self):
        made = importlib.util.spec_from_file_location("post_migrate", SCRIPT)
        module = importlib.util.module_from_spec(made)
        made.loader.exec_module(module)
        self.env.flush_all()
        module.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def test_the_scheduled_action_of_a_lane_is_adopted(self):
        lanes = self.lane | self.out_lane
        archived = self.env["hc.lane"].create({"name": "Old", "code": "old", "active": False})
        before = {lane: lane.cron_ids for lane in lanes | archived}
        self.env.cr.execute(
            "UPDATE ir_cron SET hc_lane_id = NULL WHERE hc_lane_id = ANY(%s)",
            [(lanes | archived).ids],
        )
        self.env.invalidate_all()
        self.assertFalse(lanes.cron_ids)
        for _time in range(2):
            self.migrate()
            for lane, crons in before.items():
                self.assertTrue(crons)
                self.assertEqual(lane.cron_ids, crons)
                self.assertEqual(set(crons.mapped("active")), {lane.active})

    def test_what_leaves_goes_to_a_lane_that_sends(self):
        message = self.queue()
        self.env.cr.execute(
            "UPDATE hc_channel SET lane_id = %s WHERE id = %s", [self.lane.id, self.channel.id]
        )
        self.env.cr.execute(
            "UPDATE hc_message SET lane_id = %s WHERE id = %s", [self.lane.id, message.id]
        )
        self.env.invalidate_all()
        self.migrate()
        self.assertEqual(self.channel.lane_id.direction, "out")
        self.assertEqual(self.channel.lane_id.segment, self.partner_system.segment)
        self.assertEqual(message.lane_id, self.channel.lane_id)
