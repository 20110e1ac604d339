# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import select
import threading
from contextlib import closing
from datetime import timedelta

from odoo import fields, sql_db
from odoo.tests import tagged

from ..engine import alarm
from .outbound_common import OutboundCase
from .receiver import Receiver, answer


@tagged("post_install", "-at_install")
class TestOutboundWake(OutboundCase):
    """What is due later wakes its lane at that time, once."""

    def triggers(self):
        """Moments at which the lane's scheduled actions are to run, beside now."""
        self.env.invalidate_all()
        found = self.env["ir.cron.trigger"].search(
            [
                ("cron_id", "in", self.out_lane.cron_ids.ids),
                ("call_at", ">", fields.Datetime.now()),
            ]
        )
        return found.mapped("call_at")

    def fail(self, *messages, **values):
        with Receiver(answer(500)) as receiver:
            self.lead_to(receiver, **values)
            self.dispatch()

    def test_a_retry_wakes_its_lane_at_its_time(self):
        self.channel.write({"retry_base_seconds": 3000, "retry_cap_seconds": 3600})
        message = self.queue()
        self.fail(message)
        (moment,) = self.triggers()
        self.assertLess(abs(moment - message.next_attempt_at), timedelta(seconds=2))
        self.assertGreaterEqual(moment, message.next_attempt_at)
        self.dispatch()
        self.dispatch()
        self.assertEqual(len(self.triggers()), 1)

    def test_a_thousand_retries_are_no_thousand_triggers(self):
        self.channel.write({"retry_base_seconds": 3000, "retry_cap_seconds": 3600})
        messages = self.env["hc.message"].union(*[self.queue(one) for one in range(12)])
        self.endpoint.breaker_threshold = 100
        self.fail(messages)
        self.assertEqual(set(messages.mapped("state")), {"retry"})
        (moment,) = self.triggers()
        self.assertLess(abs(moment - min(messages.mapped("next_attempt_at"))), timedelta(seconds=2))

    def test_a_probe_wakes_its_lane_at_its_time(self):
        self.channel.write({"retry_base_seconds": 1, "retry_cap_seconds": 1})
        message = self.queue()
        self.fail(message, breaker_threshold=1, breaker_base_seconds=2000, breaker_cap_seconds=2000)
        self.assertEqual(self.endpoint.breaker_state, "open")
        (moment,) = self.triggers()
        self.assertLess(abs(moment - self.endpoint.breaker_until), timedelta(seconds=2))

    def test_nothing_to_wait_for(self):
        self.queue()
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.dispatch()
        self.assertFalse(self.triggers())

    def test_what_waits_for_a_person_wakes_nobody(self):
        message = self.queue()
        with Receiver(answer(400)) as receiver:
            self.lead_to(receiver)
            self.dispatch()
        self.assertEqual(message.state, "review")
        self.assertFalse(self.triggers())

    def test_a_paused_channel_wakes_nobody(self):
        self.channel.write({"retry_base_seconds": 3000, "retry_cap_seconds": 3600})
        self.queue()
        self.channel.sudo().state = "paused"
        self.dispatch()
        self.assertFalse(self.triggers())

    # ---------------------------------------------------------------------- alarm

    def alarms(self):
        return [one for one in threading.enumerate() if one.name == "hc-alarm-of-the-test"]

    def test_the_scheduler_is_notified_at_the_time(self):
        with closing(sql_db.db_connect("postgres").cursor()) as cr:
            cr.execute("LISTEN cron_trigger")
            cr.commit()
            for seconds in (7200, 1, 3600):
                alarm.ring_at(self.env.cr.dbname, "of-the-test", seconds)
            (waits,) = [one for one in self.alarms() if not one.finished.is_set()]
            waits.join(60)
            self.assertFalse(waits.is_alive())
            select.select([cr._cnx], [], [], 60)
            cr._cnx.poll()
            self.assertIn(self.env.cr.dbname, [one.payload for one in cr._cnx.notifies])

    def test_a_lane_sets_its_alarm_with_the_trigger(self):
        moment = fields.Datetime.now() + timedelta(hours=1)
        name = f"hc-alarm-{self.out_lane.id}"
        self.out_lane._start_drains_at(moment, 3600)
        self.assertEqual(self.triggers(), [moment])
        self.env.cr.postcommit.run()
        (waits,) = [one for one in threading.enumerate() if one.name == name]
        self.addCleanup(waits.cancel)
        self.assertTrue(waits.daemon)
