# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import random
from unittest.mock import patch

import psycopg2
import psycopg2.pool

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..engine import pressure, throttled
from ..engine.ledger import Ledger
from ..messaging import rate
from ..messaging.rate import Limit
from .test_door import NOTED, DoorCase

LOGGER = "odoo.addons.healthcare_integration_base.engine.failure"
BASE = "healthcare_integration_base"
BATCH = "/hc/v1/channels/tests/messages/batch"


class PressureCase(DoorCase):
    def setUp(self):
        super().setUp()
        self.start_afresh()
        self.addCleanup(self.start_afresh)

    def start_afresh(self):
        """As in a new process: other tests' records may have had the same ids."""
        pressure.forget()
        throttled._told_at.clear()

    def limit(self, per_second, burst):
        self.system.write({"rate_per_second": per_second, "rate_burst": burst})

    def post(self, **attributes):
        return self.call(self.path, self.body(**attributes))

    def look_again(self):
        """Let the second pass for which a count holds."""
        pressure.forget()
        self.env.cr.execute("UPDATE hc_backlog SET looked_at = looked_at - interval '2 s'")

    def trail(self, code):
        return self.env["hc.audit.event"].search(
            [("system_id", "=", self.system.id), ("code", "=", code)]
        )


@tagged("post_install", "-at_install")
class TestRate(PressureCase):
    def test_no_limit_costs_nothing(self):
        self.post()
        self.assertFalse(self.env["hc.rate.bucket"].search([("system_id", "=", self.system.id)]))

    def test_429_with_retry_after_and_then_again(self):
        self.limit(0.1, 2)
        self.assertEqual([self.post().status_code for _ in range(2)], [202, 202])
        answer = self.post()
        self.refused(answer, 429, "rate_limited")
        self.assertIn(int(answer.headers["Retry-After"]), range(8, 11))
        self.pass_time(11)
        self.assertEqual(self.post().status_code, 202)

    def pass_time(self, seconds):
        pressure.forget()
        self.env.cr.execute(
            "UPDATE hc_rate_bucket SET filled_at = filled_at - make_interval(secs => %s)",
            [seconds],
        )

    def test_nothing_refused_is_kept(self):
        self.limit(0.1, 1)
        self.post()
        before = self.env["hc.message"].search_count([("system_id", "=", self.system.id)])
        self.refused(self.post(), 429, "rate_limited")
        after = self.env["hc.message"].search_count([("system_id", "=", self.system.id)])
        self.assertEqual(before, after)

    def test_a_batch_counts_by_its_items(self):
        self.limit(0.1, 5)
        media = "application/cloudevents-batch+json"
        answer = self.call(BATCH, [self.body(n) for n in range(8)], media=media)
        self.assertEqual(answer.status_code, 207, answer.text)
        items = answer.json()["items"]
        self.assertEqual([item["status"] for item in items], [202] * 5 + [429] * 3)
        self.assertEqual(items[5]["error"]["code"], "rate_limited")
        self.assertGreater(items[5]["error"]["retry_after"], 0)
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.refused(self.post(), 429, "rate_limited")

    def test_bad_items_count_too(self):
        self.limit(0.1, 5)
        media = "application/cloudevents-batch+json"
        bad = {**self.body(), "data": {}}
        answer = self.call(BATCH, [bad] * 5, media=media)
        self.assertEqual({item["status"] for item in answer.json()["items"]}, {422})
        self.refused(self.post(), 429, "rate_limited")

    def test_the_statement_computes_as_the_plain_functions(self):
        """Random buckets; what passes between the two readings of the clock is a millisecond."""
        rng, cr = random.Random(17), self.env.cr
        for _ in range(60):
            limit = Limit(rng.choice((0.01, 0.5, 3)), rng.randint(1, 50))
            tokens, elapsed = rng.uniform(-20, 60), rng.uniform(0, 30)
            wanted, whole = rng.randint(1, 70), rng.random() < 0.5
            full = rate.filled(limit, tokens, elapsed)
            if abs(full - round(full)) < 0.05:
                continue
            cr.execute(
                "INSERT INTO hc_rate_bucket (system_id, tokens, granted, filled_at) VALUES"
                " (%(system)s, %(tokens)s, 0, clock_timestamp() AT TIME ZONE 'UTC'"
                " - make_interval(secs => %(elapsed)s))"
                " ON CONFLICT (system_id) DO UPDATE SET tokens = EXCLUDED.tokens,"
                " filled_at = EXCLUDED.filled_at",
                {"system": self.system.id, "tokens": tokens, "elapsed": elapsed},
            )
            with self.subTest(limit=limit, tokens=tokens, elapsed=elapsed, wanted=wanted):
                with self.enter_registry_test_mode(), self.registry.cursor() as own:
                    got, left = pressure._borrow(own, self.system.id, limit, wanted, 0, whole)
                self.assertEqual(got, rate.granted(limit, full, wanted, whole))
                self.assertAlmostEqual(left, full - got, delta=0.05)

    def test_the_flood_leaves_a_number_in_the_trail(self):
        self.limit(0.01, 1)
        self.post()
        for _ in range(5):
            self.refused(self.post(), 429, "rate_limited")
        self.assertEqual(self.trail("rate_limited").mapped("details"), [{"count": 1}])
        throttled._told_at.clear()
        self.refused(self.post(), 429, "rate_limited")
        self.assertEqual(
            sum(one["count"] for one in self.trail("rate_limited").mapped("details")), 6
        )

    def test_a_changed_limit_is_in_the_trail(self):
        manager = new_test_user(self.env, "hc.limits", f"{BASE}.group_integration_manager")
        self.system.with_user(manager).rate_per_second = 7
        found = self.env["hc.audit.event"].search(
            [("action", "=", "config.changed"), ("object", "=", f"hc.system,{self.system.id}")],
            order="id desc",
            limit=1,
        )
        self.assertEqual(found.user_id, manager)
        self.assertEqual(found.details["values"], {"rate_per_second": [0.0, 7.0]})

    def test_limits_are_the_managers(self):
        operator = new_test_user(self.env, "hc.limiter", f"{BASE}.group_integration_operator")
        with self.assertRaises(AccessError):
            self.system.with_user(operator).rate_per_second = 7

    def test_used_now(self):
        self.limit(0.01, 4)
        self.assertEqual(self.system.rate_used, 0)
        self.post()
        viewer = new_test_user(self.env, "hc.looks", f"{BASE}.group_integration_viewer")
        self.system.invalidate_recordset()
        self.assertAlmostEqual(self.system.with_user(viewer).rate_used, 25, delta=1)


@tagged("post_install", "-at_install")
class TestBacklog(PressureCase):
    def wait_in_lane(self, count):
        for number in range(count):
            self.send(self.channel, self.event({"facility": "F", "value": number}, NOTED))

    def work_off(self, count):
        waiting = self.env["hc.message"].search([("lane_id", "=", self.lane.id)], order="id")
        due = waiting.filtered(lambda message: message.state == "received")[:count]
        self.env.cr.execute("UPDATE hc_message SET state = 'done' WHERE id = ANY(%s)", [due.ids])
        self.env.invalidate_all()

    def test_full_lane_until_a_fifth_is_free(self):
        self.lane.backlog_limit = 10
        self.wait_in_lane(10)
        answer = self.post()
        self.refused(answer, 429, "backlog_full")
        self.assertEqual(int(answer.headers["Retry-After"]), 15)
        self.assertEqual(self.lane.backlog_state, "full")
        self.work_off(1)
        self.look_again()
        answer = self.post()
        self.refused(answer, 429, "backlog_full")
        self.assertLess(int(answer.headers["Retry-After"]), 15)
        self.work_off(1)
        self.look_again()
        self.assertEqual(self.post().status_code, 202)
        self.lane.invalidate_recordset()
        self.assertEqual(self.lane.backlog_state, "busy")

    def test_a_batch_fills_the_room_that_is_left(self):
        self.lane.backlog_limit = 3
        media = "application/cloudevents-batch+json"
        answer = self.call(BATCH, [self.body(n) for n in range(5)], media=media)
        statuses = [item["status"] for item in answer.json()["items"]]
        self.assertEqual(statuses, [202] * 3 + [429] * 2)

    def test_limit_of_a_channel(self):
        self.channel.backlog_limit = 2
        other = self.make_channel(self.system, self.noted, code="other")
        self.wait_in_lane(2)
        self.refused(self.post(), 429, "backlog_full")
        answer = self.call(f"/hc/v1/channels/{other.code}/messages", self.body())
        self.assertEqual(answer.status_code, 202, answer.text)

    def test_no_limit(self):
        self.lane.backlog_limit = 0
        self.wait_in_lane(3)
        self.assertEqual(self.post().status_code, 202)
        self.assertFalse(self.env["hc.backlog"].search([("lane_id", "=", self.lane.id)]))

    def test_what_staff_enter_is_always_taken(self):
        entry = self.env["hc.staff.entry"]
        code = entry._channel("pressure", NOTED, "Pressure")
        channel = self.env["hc.channel"].search(
            [("code", "=", code), ("system_id.is_internal", "=", True)]
        )
        channel.lane_id.backlog_limit = 1
        channel.backlog_limit = 1
        for number in range(3):
            entry._post(code, NOTED, {"facility": "F", "value": number}, event_id=f"e{number}")
        self.assertEqual(self.env["hc.message"].search_count([("channel_id", "=", channel.id)]), 3)


@tagged("post_install", "-at_install")
class TestStatements(PressureCase):
    def test_statements_of_an_event_with_and_without_limits(self):
        """Once a worker knows the limits, an event costs no further statement."""
        self.lane.backlog_limit = 0
        self.limit(0, 1)
        self.post()
        without = self.count_statements()
        self.lane.backlog_limit = 1000
        self.limit(100000, 100000)
        self.post()
        self.post()
        self.assertLessEqual(self.count_statements(), without)

    def count_statements(self):
        """The fewest of several posts: signals and cache fillings come now and then."""
        counts = []
        for _ in range(4):
            before = self.env.cr.sql_log_count
            self.assertEqual(self.post().status_code, 202)
            counts.append(self.env.cr.sql_log_count - before)
        return min(counts)


@tagged("post_install", "-at_install")
class TestOutage(PressureCase):
    def test_what_is_for_a_moment_is_a_503(self):
        cases = (
            (psycopg2.OperationalError, "database_unavailable", 503),
            (psycopg2.InterfaceError, "database_unavailable", 503),
            (psycopg2.errors.ReadOnlySqlTransaction, "database_unavailable", 503),
            (psycopg2.pool.PoolError, "database_unavailable", 503),
            (psycopg2.errors.LockNotAvailable, "database_upgrading", 503),
            (psycopg2.errors.UndefinedColumn, "database_upgrading", 503),
            (psycopg2.errors.UndefinedTable, "database_upgrading", 503),
            (psycopg2.DatabaseError, "database_upgrading", 503),
            (psycopg2.errors.NotNullViolation, "internal_error", 500),
            (psycopg2.DataError, "internal_error", 500),
        )
        for error, code, status in cases:
            failing = patch.object(Ledger, "store", side_effect=error("Maria Muster"))
            with self.subTest(error=error), failing, mute_logger(LOGGER):
                answer = self.post()
                self.refused(answer, status, code)
                self.assertNotIn("Muster", answer.text)
                self.assertEqual("Retry-After" in answer.headers, status == 503)


@tagged("post_install", "-at_install")
class TestPause(PressureCase):
    def setUp(self):
        super().setUp()
        self.manager = new_test_user(self.env, "hc.pauses", f"{BASE}.group_integration_manager")

    def pause(self, mode):
        wizard = self.env["hc.channel.pause"].with_user(self.manager)
        action = self.channel.with_user(self.manager).action_ask_pause()
        wizard = wizard.with_context(**action["context"]).create({"mode": mode, "reason": "Count"})
        wizard.action_confirm()

    def test_refuse(self):
        self.pause("refuse")
        answer = self.post()
        self.refused(answer, 503, "paused")
        self.assertEqual(answer.headers["Retry-After"], "60")
        self.assertEqual(self.channel.paused_by_id, self.manager)
        self.assertTrue(self.channel.paused_at)
        self.assertEqual(self.channel.pause_reason, "Count")

    def test_refuse_handles_what_is_here(self):
        message = self.send(self.channel, self.event({"facility": "F", "value": 1}, NOTED))
        self.pause("refuse")
        self.assertEqual(self.drain(), 1)
        self.assertNotEqual(message.state, "received")

    def test_hold_accepts_and_handles_nothing(self):
        self.pause("hold")
        answer = self.post()
        self.assertEqual(answer.status_code, 202, answer.text)
        self.assertEqual(self.drain(), 0)
        self.channel.with_user(self.manager).action_resume()
        self.assertFalse(self.channel.pause_mode)
        self.assertFalse(self.channel.paused_by_id)
        self.assertEqual(self.drain(), 1)

    def test_hold_concerns_no_other_channel(self):
        other = self.make_channel(self.system, self.noted, code="other")
        self.pause("hold")
        self.send(self.channel, self.event({"facility": "F", "value": 1}, NOTED))
        passing = self.send(other, self.event({"facility": "F", "value": 2}, NOTED))
        self.assertEqual(self.drain(), 1)
        self.assertNotEqual(passing.state, "received")

    def test_the_trail_says_who_and_why(self):
        self.pause("hold")
        self.channel.with_user(self.manager).action_resume()
        found = self.env["hc.audit.event"].search(
            [("action", "in", ("channel.paused", "channel.resumed"))], order="id"
        )
        self.assertEqual(found.mapped("action"), ["channel.paused", "channel.resumed"])
        self.assertEqual(found.user_id, self.manager)
        self.assertEqual(found.mapped("reason"), ["Count", "Count"])

    def test_nobody_says_who_paused(self):
        with self.assertRaises(AccessError):
            self.channel.with_user(self.manager).write({"pause_reason": "Because"})

    def test_a_viewer_pauses_nothing(self):
        viewer = new_test_user(self.env, "hc.sees", f"{BASE}.group_integration_viewer")
        for method in ("action_ask_pause", "action_pause", "action_resume"):
            with self.assertRaises(AccessError):
                getattr(self.channel.with_user(viewer), method)()
        with self.assertRaises(AccessError):
            self.env["hc.channel.pause"].with_user(viewer).create(
                {"channel_id": self.channel.id, "reason": "No"}
            )
