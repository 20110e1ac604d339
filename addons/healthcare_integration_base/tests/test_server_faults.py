# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError

from odoo import fields
from odoo.tests import tagged

from ..controllers.dispatcher import as_message_error
from ..engine import claim
from ..engine.wake import trigger
from .common import EngineCase

TEN_MINUTES = timedelta(minutes=10)


@tagged("post_install", "-at_install")
class TestServerFaults(EngineCase):
    """What is wrong with the server is no fault of a sender or a message."""

    def triggered(self, ahead):
        """A lane's trigger as a server writes it whose clock is ahead of the database's."""
        cron = self.env.ref("healthcare_integration_base.lane_clinical").cron_id
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        wrong = fields.Datetime.now() + ahead
        with (
            patch.object(fields.Datetime, "now", return_value=wrong),
            patch.object(type(self.env["ir.cron"]), "_notifydb") as notify,
        ):
            trigger(cron)
            self.env.cr.postcommit.run()
        return self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]), notify

    def test_a_wake_up_is_due_whatever_the_clock_of_the_server_says(self):
        for ahead in (-TEN_MINUTES, timedelta(), TEN_MINUTES):
            with self.subTest(ahead=ahead):
                found, notify = self.triggered(ahead)
                self.assertEqual(len(found), 1)
                self.assertLessEqual(found.call_at, self.env.cr.now())
                notify.assert_called_once()

    def test_no_connection_is_an_outage(self):
        for error in (PoolError("full"), psycopg2.OperationalError(), psycopg2.InterfaceError()):
            with self.subTest(error=type(error).__name__):
                told = as_message_error(error)
                self.assertEqual((told.code, told.spec.status), ("database_unavailable", 503))
                self.assertTrue(told.retry_after)

    def kills_of(self, started):
        """What a drain counts for a message that stands in flight since then."""
        noted = self.make_noted()
        channel = self.make_channel(self.make_system("server-faults"), noted)
        message = self.send(channel, self.event({"facility": "F", "value": 1}, noted.name))
        self.env.cr.execute(
            "INSERT INTO hc_inflight (lane_id, shard, message_ids, started_at)"
            f" SELECT lane_id, shard, jsonb_build_array(id), {started} AT TIME ZONE 'UTC'"
            " FROM hc_message WHERE id = %s",
            [message.id],
        )
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            alone = claim.count_kills(cr, message.lane_id.id, message.shard)
        message.invalidate_recordset()
        self.assertFalse(self.env["hc.inflight"].search([]))
        return message.kill_count, alone == [message.id]

    def test_a_killed_worker_counts(self):
        self.assertEqual(self.kills_of("now()"), (1, True))

    def test_a_restart_of_postgresql_is_no_kill(self):
        before = "(pg_postmaster_start_time() - interval '1 second')"
        self.assertEqual(self.kills_of(before), (0, False))
