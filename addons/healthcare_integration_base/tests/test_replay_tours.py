# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from .test_replay import ReplayCase
from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestReplayTours(TourCase, ReplayCase):
    """From the list to the progress, in the browser."""

    def test_replay(self):
        messages = self.stuck(3)
        done = self.note(9)
        self.drain()
        path = "integration-messages"
        self.walk("hc_operator_replays", path, "rec.operator")
        self.env.invalidate_all()
        replay = self.env["hc.replay"].search([])
        self.assertEqual((replay.state, replay.plan["looked_at"]), ("running", 3))
        self.play_on()
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self.effects(messages + done), 4)
        self.walk("hc_viewer_sees_a_replay", "integration-replays", "rec.viewer")

    def test_give_up(self):
        message = self.notes(1)
        self.walk("hc_operator_gives_up", "integration-messages", "rec.operator")
        self.env.invalidate_all()
        self.assertEqual((message.state, message.decision_ids.action), ("cancelled", "skipped"))
