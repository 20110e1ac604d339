# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError

from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..controllers.dispatcher import as_message_error

TEN_MINUTES = timedelta(minutes=10)


@tagged("post_install", "-at_install")
class TestServerFaults(TransactionCase):
    """What is wrong with the server is no fault of a sender or a message."""

    def triggered(self, ahead):
        """A lane's trigger as a server writes it whose clock is ahead of the database's."""
        lane = self.env.ref("healthcare_integration_base.lane_clinical")
        lane.shard_count = lane.drainers = 2
        crons = self.env["ir.cron"].search([("hc_lane_id", "=", lane.id)])
        of_lane = [("cron_id", "in", crons.ids)]
        self.env["ir.cron.trigger"].search(of_lane).unlink()
        wrong = fields.Datetime.now() + ahead
        with (
            patch.object(fields.Datetime, "now", return_value=wrong),
            patch.object(type(self.env["ir.cron"]), "_notifydb") as notify,
        ):
            lane._start_drains()
            self.env.cr.postcommit.run()
        return self.env["ir.cron.trigger"].search(of_lane), notify

    def test_a_wake_up_is_due_whatever_the_clock_of_the_server_says(self):
        for ahead in (-TEN_MINUTES, timedelta(), TEN_MINUTES):
            with self.subTest(ahead=ahead):
                found, notify = self.triggered(ahead)
                self.assertEqual(len(found), 2, "one for each drainer")
                self.assertLessEqual(max(found.mapped("call_at")), self.env.cr.now())
                notify.assert_called()

    def test_no_connection_is_an_outage(self):
        for error in (PoolError("full"), psycopg2.OperationalError(), psycopg2.InterfaceError()):
            with self.subTest(error=type(error).__name__):
                told = as_message_error(error)
                self.assertEqual((told.code, told.spec.status), ("database_unavailable", 503))
                self.assertTrue(told.retry_after)
