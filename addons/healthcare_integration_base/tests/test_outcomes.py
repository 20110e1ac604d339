# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

import psycopg2

import odoo
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine import claim, shards
from ..engine.drain import KILL_LIMIT, Drain
from ..engine.item import Fix
from ..engine.locks import SHARD, lock_key
from .test_engine import EngineBehaviour

ENGINE = "odoo.addons.healthcare_integration_base.engine"


@tagged("post_install", "-at_install")
class TestRetryPolicy(EngineBehaviour):
    """How often, how soon, how long."""

    def fail(self, error):
        def act(item):
            raise error

        self.behave(act)

    def set_back(self, message, hours):
        """Let hours pass since the first failure."""
        self.env.cr.execute(
            "UPDATE hc_message SET retrying_since = retrying_since - %s * interval '1 hour'"
            " WHERE id = %s",
            [hours, message.id],
        )
        self.make_due(message)

    def test_horizon(self):
        self.channel.retry_horizon_hours = 72
        self.fail(ValueError())
        message = self.note()
        self.drain()
        self.assertEqual((message.state, message.retry_count), ("retry", 1))
        self.set_back(message, 71)
        self.drain()
        self.assertEqual((message.state, message.retry_count), ("retry", 2))
        self.set_back(message, 2)
        self.drain()
        self.assertEqual((message.state, message.attempt_count), ("dead", 3))
        self.assertTrue(message.issue_id)
        message._sudo_resume()
        self.drain()
        self.assertEqual((message.state, message.retry_count), ("retry", 1), "counts anew")

    def test_only_failures_in_a_row_are_counted(self):
        self.channel.retry_max_attempts = 2
        message = self.note()
        for _time in range(3):
            self.behave(lambda item: item.review("incomplete"))
            self.drain()
            message._sudo_resume()
        self.fail(ValueError())
        self.drain()
        self.assertEqual((message.state, message.retry_count), ("retry", 1))
        self.assertEqual(message.attempt_count, 4)
        self.assertTrue(message.retrying_since)
        self.behave(lambda item: item.effect("note", "res.partner", self.partner.id))
        self.make_due(message)
        self.drain()
        self.assertEqual((message.state, message.retry_count), ("done", 0))
        self.assertFalse(message.retrying_since)

    def test_conflicts_have_a_policy_of_their_own(self):
        self.channel.retry_base_seconds = self.channel.retry_cap_seconds = 3600
        self.channel.retry_max_attempts = 1
        self.fail(psycopg2.errors.LockNotAvailable())
        message = self.note()
        self.drain()
        self.assertEqual((message.state, message.error_code), ("retry", "database_conflict"))
        self.env.cr.execute(
            "SELECT next_attempt_at - now() AT TIME ZONE 'UTC' < interval '5 seconds'"
            "  FROM hc_message WHERE id = %s",
            [message.id],
        )
        self.assertTrue(self.env.cr.fetchone()[0])

    def test_what_never_passes_is_not_tried_again(self):
        """A value that does not fit: it waits for a person, and says that it never passes."""
        self.fail(psycopg2.errors.NumericValueOutOfRange())
        message, neighbour = self.note(1), self.note(2)
        self.drain()
        for one in (message, neighbour):
            self.assertEqual((one.state, one.error_code), ("review", "database_refused"))
            self.assertEqual(one.error_kind, "permanent")
        self.assertEqual(self.drain(), 0)

    def test_statement_that_takes_too_long_is_the_messages_own(self):
        """It is no outage: the neighbours go on."""
        message, neighbour = self.note(1), self.note(2)

        def act(item):
            if item.message_id == message.id:
                self.env.cr.execute("SET LOCAL statement_timeout = '20ms'")
                self.env.cr.execute("SELECT pg_sleep(5)", log_exceptions=False)
            item.effect("note", "res.partner", self.partner.id)

        self.behave(act)
        self.drain()
        self.assertEqual((message.state, message.error_code), ("retry", "database_limit"))
        self.assertEqual(neighbour.state, "done")

    def test_superseded(self):
        newer = self.note(2)
        self.drain()
        self.behave(lambda item: item.supersede(newer.id))
        late = self.note(1)
        self.drain()
        self.assertEqual((late.state, late.superseded_by_id), ("superseded", newer))
        self.assertTrue(late.done_at)
        self.assertFalse(late.issue_id)
        self.assertEqual(late.attempt_ids.outcome, "superseded")
        self.assertRegex(late.attempt_ids.worker, r":\d+$")


@tagged("post_install", "-at_install")
class TestCrash(EngineBehaviour):
    """What a crash leaves, at each place where a drain commits."""

    def left(self, *messages):
        """A worker has put these in flight and is gone."""
        ids = [message.id for message in messages]
        claim.put_in_flight(self._committing(), self.lane.id, 0, ids)

    def in_flight(self):
        return self.env["hc.inflight"].search_count([("lane_id", "=", self.lane.id)])

    def test_before_the_handler(self):
        message = self.note()
        self.left(message)
        self.drain()
        self.assertEqual((message.state, message.kill_count), ("done", 0))
        self.assertFalse(self.in_flight())

    def test_between_outcome_and_looking_again(self):
        """It is in review, what it waits for was supplied, and nobody looked any more."""
        fix = Fix("identifier", "vendor", "local", "X9")
        self.behave(lambda item: item.review("unmapped_item", subject="local|X9", fix=fix))
        message = self.note()
        with patch.object(Drain, "_look_again"):
            self.drain(limit=1)
        self.assertEqual(message.state, "review")
        self.assertEqual(self.in_flight(), 1)
        self.behave(lambda item: item.effect("note", "res.partner", self.partner.id))
        self.drain()
        self.assertEqual((message.state, message.kill_count), ("done", 0))
        self.assertFalse(self.in_flight())

    def test_after_the_kills_were_counted(self):
        """The worker that counted the last kill was killed as well: the message goes on alone,
        and ends dead at the next one."""
        message = self.note()
        self.env.cr.execute(
            "UPDATE hc_message SET kill_count = %s WHERE id = %s", [KILL_LIMIT, message.id]
        )
        self.left(message)
        self.drain()
        self.assertEqual((message.state, message.error_code), ("dead", "worker_killed"))

    def test_outage_of_the_database_is_no_kill(self):
        message = self.note()
        for _time in range(KILL_LIMIT + 1):
            self.left(message)
            self.env.cr.execute(
                "UPDATE hc_inflight SET database_start = database_start - interval '1 second'"
            )
            self.behave(lambda _item: 1 / 0)
            self.drain(limit=1)
            self.make_due(message)
        self.assertEqual((message.state, message.kill_count), ("retry", 0))

    def test_database_that_refuses_is_nobodys_fault(self):
        message = self.note()

        def act(item):
            raise psycopg2.errors.DiskFull

        self.behave(act)
        with self.assertRaises(psycopg2.errors.DiskFull):
            self.drain()
        self.assertEqual((message.state, message.attempt_count), ("received", 0))
        self.assertFalse(self.in_flight())

    def test_failure_that_cannot_be_told(self):
        """An issue that cannot be written must not hold up the lane."""
        message, neighbour = self.note(1), self.note(2)

        def act(item):
            if item.message_id == message.id:
                item.duplicate()
                raise psycopg2.errors.NumericValueOutOfRange
            item.effect("note", "res.partner", self.partner.id)

        self.behave(act)
        model = type(self.env["hc.issue"])
        with (
            patch.object(model, "_report", side_effect=ValueError),
            mute_logger(f"{ENGINE}.failures"),
        ):
            self.drain()
        self.assertEqual((message.state, message.error_code), ("review", "database_refused"))
        self.assertFalse(message.issue_id)
        self.assertEqual(neighbour.state, "done")
        self.assertFalse(self.in_flight())


@tagged("post_install", "-at_install")
class TestShards(EngineBehaviour):
    """Several shards, several drains."""

    def notes(self, count=20):
        return [self.note(number, thread=f"t{number % 7}") for number in range(count)]

    def test_fewer_shards_lose_nothing(self):
        self.lane.shard_count = 4
        messages = self.notes()
        self.assertGreater(len({message.shard for message in messages}), 1)
        self.lane.shard_count = 1
        self.assertEqual({message.shard for message in messages}, {0})
        self.drain()
        self.assertEqual({message.state for message in messages}, {"done"})

    def test_a_shard_that_the_lane_has_no_more(self):
        """As of a process that had not heard of the change yet."""
        messages = self.notes(3)
        self.env.cr.execute(
            "UPDATE hc_message SET shard = 3 WHERE id = ANY(%s)",
            [[message.id for message in messages]],
        )
        self.drain()
        self.assertEqual({message.state for message in messages}, {"done"})

    def test_keys_stay_together(self):
        messages = self.notes()
        self.lane.shard_count = 5
        of_key = {}
        for message in messages:
            of_key.setdefault(message.ordering_key, set()).add(message.shard)
            self.assertEqual(message.shard, shards.shard_of(message.ordering_key, 5))
        self.assertEqual({len(found) for found in of_key.values()}, {1})

    def test_as_many_scheduled_actions_as_are_of_use(self):
        lane = self.env["hc.lane"].create({"name": "L", "code": "l", "drainers": 3})
        self.assertEqual(len(lane.cron_ids), 1, "one shard, one drainer")
        lane.shard_count = 8
        self.assertEqual(len(lane.cron_ids), 3)
        lane.drainers = 2
        self.assertEqual(len(lane.cron_ids), 2)
        lane.active = False
        self.assertEqual(lane.cron_ids.mapped("active"), [False, False])
        crons = lane.cron_ids
        lane.unlink()
        self.assertFalse(crons.exists())

    def test_all_drainers_are_woken(self):
        lane = {"name": "Woken", "code": "woken", "shard_count": 4, "drainers": 4}
        self.channel.lane_id = self.env["hc.lane"].create(lane)
        self.note()
        crons = self.channel.lane_id.cron_ids
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "in", crons.ids)])
        self.assertEqual(len(crons), 4)
        self.assertEqual(triggers.cron_id, crons)

    def test_shard_in_another_hand(self):
        """The lock of a shard is another connection's: it is left alone, the others go on."""
        self.lane.shard_count = 2
        messages = self.notes()
        key = lock_key(SHARD, self.lane.id, 0)
        other = odoo.sql_db.db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(other.close)
        other.execute("SELECT pg_advisory_lock(%s)", [key])
        self.drain()
        other.execute("SELECT pg_advisory_unlock(%s)", [key])
        states = {message.shard: message.state for message in messages}
        self.assertEqual(states, {0: "received", 1: "done"})
        self.drain()
        self.assertEqual({message.state for message in messages}, {"done"})
