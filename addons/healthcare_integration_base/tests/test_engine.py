# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..engine import claim, supply
from ..engine.drain import KILL_LIMIT
from ..engine.item import Fix
from ..messaging.errors import MessageError
from .common import EngineCase

NOTED = "test.noted.v1"


class EngineBehaviour(EngineCase):
    """The engine with a handler that does what each test wants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.noted = cls.make_noted()
        cls.system = cls.make_system("engine-tests")
        cls.channel = cls.make_channel(cls.system, cls.noted)
        cls.partner = cls.env["res.partner"].create({"name": "Effect"})

    def setUp(self):
        super().setUp()
        self.handled = []
        self.behave(lambda item: item.effect("note", "res.partner", self.partner.id))

    def behave(self, act):
        """Let the handler do ``act`` for each item."""

        def handle(_handler, items):
            self.handled.append([item.message_id for item in items])
            for item in items:
                act(item)

        model = type(self.env["hc.message.handler"])
        patcher = patch.object(model, "_handle", handle)
        patcher.start()
        self.addCleanup(patcher.stop)

    def note(self, value=1, **data):
        return self.send(self.channel, self.event({"facility": "F", "value": value, **data}, NOTED))

    def _committing(self):
        """The test's cursor, for helpers that commit."""
        cr = self.env.cr

        class Cursor:
            def __getattr__(self, name):
                return getattr(cr, name)

            def commit(self):
                cr.flush()

        return Cursor()


@tagged("post_install", "-at_install")
class TestEngine(EngineBehaviour):
    """From the ledger to the outcome."""

    def test_done(self):
        message = self.note()
        self.assertEqual(message.state, "received")
        self.assertEqual(self.drain(), 1)
        self.assertEqual(message.state, "done")
        self.assertTrue(message.done_at)
        self.assertEqual(message.effect_ids.res_id, self.partner.id)
        self.assertFalse(self.env["hc.inflight"].search([]))
        self.assertEqual(self.drain(), 0)

    def test_first_message_wakes_the_lane(self):
        """A new lane's signal is down; the first message raises it and triggers, once."""
        lane = self.env["hc.lane"].create({"name": "New", "code": "brand-new"})
        self.channel.lane_id = lane
        for _message in range(3):
            self.note()
        lane.invalidate_recordset()
        self.assertTrue(lane.signalled)
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "in", lane.cron_ids.ids)])
        self.assertEqual(len(triggers), 1)

    def test_one_batch(self):
        messages = [self.note(n) for n in range(5)]
        self.drain()
        self.assertEqual(self.handled, [[message.id for message in messages]])

    def test_batch_limit(self):
        self.lane.batch_limit = 2
        for n in range(5):
            self.note(n)
        self.assertEqual(self.drain(), 5)
        self.assertEqual([len(batch) for batch in self.handled], [2, 2, 1])

    def test_systems_are_not_mixed(self):
        other = self.make_channel(self.make_system("engine-tests-2"), self.noted)
        self.note()
        self.send(other, self.event({"facility": "F", "value": 1}, NOTED))
        self.note()
        self.drain()
        self.assertEqual([len(batch) for batch in self.handled], [2, 1])

    def test_time_of_the_event_is_kept_in_utc(self):
        self.env.cr.execute("SET LOCAL TimeZone = 'Asia/Tokyo'")
        event = self.event({"facility": "F", "value": 1}, NOTED, time="2026-11-22T09:00:00+02:00")
        message = self.send(self.channel, event)
        self.assertEqual(str(message.event_time), "2026-11-22 07:00:00")

    def test_resend_is_one_message(self):
        event = self.event({"facility": "F", "value": 1}, NOTED)
        self.assertEqual(self.send(self.channel, event), self.send(self.channel, event))

    def test_id_with_other_content(self):
        self.send(self.channel, self.event({"facility": "F", "value": 1}, NOTED, id="same"))
        with self.assertRaises(MessageError) as caught:
            self.send(self.channel, self.event({"facility": "F", "value": 2}, NOTED, id="same"))
        self.assertEqual(caught.exception.code, "id_reused")

    def test_group_is_whole_or_not_at_all(self):
        first = self.event({"facility": "F", "value": 1}, NOTED, id="one")
        self.send(self.channel, self.event({"facility": "F", "value": 7}, NOTED, id="two"))
        clash = self.event({"facility": "F", "value": 8}, NOTED, id="two")
        group = self.group(self.channel, first, clash)
        before = self.env["hc.message"].search_count([])
        self.store(self.channel, group)
        self.assertIsInstance(group.result, MessageError)
        self.assertEqual(self.env["hc.message"].search_count([]), before)

    def test_bad_message_is_set_apart(self):
        messages = [self.note(n) for n in range(9)]
        bad = messages[4].id

        def act(item):
            if item.message_id == bad:
                raise ValueError("a secret of the payload")
            item.effect("note", "res.partner", self.partner.id)

        self.behave(act)
        with self.assertLogs("odoo.addons.healthcare_integration_base", "WARNING") as logs:
            self.drain()
        self.assertNotIn("a secret of the payload", "\n".join(logs.output))
        states = [message.state for message in messages]
        self.assertEqual(states, ["done"] * 4 + ["retry"] + ["done"] * 4)
        self.assertEqual(messages[4].error_code, "unexpected")
        self.assertEqual(len(self.env["hc.effect"].search([("res_id", "=", self.partner.id)])), 8)

    def test_retry_until_dead(self):
        self.channel.retry_max_attempts = 3

        def act(item):
            raise ValueError

        self.behave(act)
        message = self.note()
        for state in ("retry", "retry", "dead"):
            self.drain()
            self.assertEqual(message.state, state)
            self.assertEqual(self.drain(), 0, "not before its time")
            self.make_due(message)
        self.assertEqual(message.attempt_count, 3)
        self.assertTrue(message.issue_id)
        self.assertEqual(len(message.attempt_ids), 3)

    def test_dead_is_retried_by_operator(self):
        self.channel.retry_max_attempts = 1
        self.behave(lambda item: 1 / 0)
        message = self.note()
        self.drain()
        self.assertEqual(message.state, "dead")
        self.behave(lambda item: item.effect("note", "res.partner", self.partner.id))
        operator = new_test_user(
            self.env, "op", "healthcare_integration_base.group_integration_operator"
        )
        message.with_user(operator).action_retry()
        self.drain()
        self.assertEqual(message.state, "done")
        self.assertEqual(len(message.effect_ids), 1)

    def test_user_error_needs_a_person(self):
        def act(item):
            raise UserError("locked")

        self.behave(act)
        message = self.note()
        self.drain()
        self.assertEqual((message.state, message.error_code), ("review", "handler_refused"))

    def test_review_and_resume(self):
        self.behave(lambda item: item.review("unmapped_item", subject="local|X"))
        messages = self.note(1) + self.note(2)
        self.drain()
        issue = messages.issue_id
        self.assertEqual(len(issue), 1, "equal failures are one issue")
        self.assertEqual(issue.message_count, 2)
        self.behave(lambda item: item.effect("note", "res.partner", self.partner.id))
        messages._sudo_resume()
        self.drain()
        self.assertEqual(set(messages.mapped("state")), {"done"})

    def test_issue_ends_with_its_last_message(self):
        """Messages that are retried one by one resolve their issue as well."""
        self.behave(lambda item: item.review("unmapped_item", subject="local|X"))
        first, second = self.note(1), self.note(2)
        self.drain()
        issue = first.issue_id
        self.behave(lambda item: item.effect("note", "res.partner", self.partner.id))
        first.action_retry()
        self.drain()
        self.assertNotEqual(issue.state, "resolved", "another message waits")
        second.action_retry()
        self.drain()
        self.assertEqual(issue.state, "resolved")
        self.assertFalse(issue.activity_ids)

    def test_mapping_that_is_supplied_meanwhile(self):
        """Neither sees the other in its snapshot: the drain looks again after its commit."""
        fix = Fix("identifier", "vendor", "local", "X9")
        mapped = []
        look = supply.missing

        def supplied_right_after(env, items):
            waiting = look(env, items)
            if waiting and not mapped:
                mapped.append(True)
                env.cr.execute(
                    "INSERT INTO hc_identifier (system_id, namespace, code_system, value,"
                    " res_model, res_id, active, write_date)"
                    " VALUES (%s, 'vendor', 'local', 'X9', 'res.partner', %s, true, now())",
                    [self.system.id, self.partner.id],
                )
            return waiting

        def act(item):
            if not mapped:
                item.review("unmapped_item", subject="local|X9", fix=fix)

        self.behave(act)
        message = self.note()
        with patch.object(supply, "missing", supplied_right_after):
            self.drain()
        self.assertEqual((message.state, message.attempt_count), ("done", 2))
        self.assertEqual(
            self.env["hc.issue"].search([("subject", "=", "local|X9")]).state, "resolved"
        )

    def test_mapping_that_does_not_help_is_not_tried_again(self):
        fix = Fix("channel")
        self.behave(lambda item: item.review("incomplete", fix=fix))
        message = self.note()
        self.drain()
        self.assertEqual((message.state, message.attempt_count), ("review", 1))

    def test_order_of_a_key(self):
        """What follows a message in review waits; other keys go on."""
        first = self.note(1, thread="a")
        self.behave(lambda item: item.review("unmapped_item", subject="x"))
        self.drain()
        self.behave(lambda item: item.effect("note", "res.partner", self.partner.id))
        second, other = self.note(2, thread="a"), self.note(3, thread="b")
        self.drain()
        self.assertEqual((first.state, second.state, other.state), ("review", "received", "done"))
        first._sudo_resume()
        self.drain()
        self.assertEqual((first.state, second.state), ("done", "done"))
        self.assertEqual(self.handled[-1], [first.id, second.id])

    def test_company_follows_the_site(self):
        """A facility that is mapped after the message came may belong to another company."""
        self.behave(lambda item: item.review("unknown_facility", subject="F"))
        message = self.note()
        self.drain()
        self.assertEqual(message.company_id, self.env.company)
        company = self.env["res.company"].create({"name": "Second hospital"})
        self.env["hc.site"].create(
            {
                "name": "F",
                "system_id": self.system.id,
                "facility_code": "F",
                "company_id": company.id,
            }
        )
        self.behave(lambda item: item.effect("note", "res.partner", self.partner.id))
        message._sudo_resume()
        self.drain()
        self.assertEqual((message.state, message.company_id), ("done", company))
        self.assertEqual(self.note().company_id, company)

    def test_handler_that_is_gone(self):
        """Its messages wait in review, and do not hold up those of other types."""
        message = self.note()
        self.env.cr.execute(
            "UPDATE hc_message_type SET handler = 'hc.no.such' WHERE id = %s", [self.noted.id]
        )
        self.noted.invalidate_recordset()
        self.drain()
        self.assertEqual((message.state, message.error_code), ("review", "handler_missing"))

    def test_conflict_is_not_an_attempt(self):
        """A serialization failure repeats the batch at once."""
        conflicts = iter([True, True, False])

        def act(item):
            if next(conflicts):
                raise psycopg2.errors.SerializationFailure
            item.effect("note", "res.partner", self.partner.id)

        self.behave(act)
        message = self.note()
        self.drain()
        self.assertEqual((message.state, message.attempt_count), ("done", 1))

    def test_killed_worker(self):
        """Whoever was in flight when a worker was killed goes on alone, and ends dead."""
        message, neighbour = self.note(1), self.note(2)
        for kill in range(1, KILL_LIMIT + 1):
            ids = message.ids if kill > 1 else (message + neighbour).ids
            claim.put_in_flight(self._committing(), self.lane.id, 0, ids)
            self.behave(self._only(neighbour))
            self.drain(limit=1 if kill < KILL_LIMIT else 1000)
        self.assertEqual((message.state, message.error_code), ("dead", "worker_killed"))
        self.assertEqual(neighbour.state, "done")

    def _only(self, neighbour):
        def act(item):
            if item.message_id != neighbour.id:
                raise ValueError
            item.effect("note", "res.partner", self.partner.id)

        return act

    def test_same_fact_conflicts(self):
        """Two messages cannot have the same business key's effect, whoever comes first."""
        self.behave(
            lambda item: item.effect("note", "res.partner", self.partner.id, business_key="K")
        )
        first, second = self.note(1), self.note(2)
        self.drain()
        self.assertEqual(first.state, "done")
        self.assertEqual((second.state, second.error_code), ("retry", "database_conflict"))
        self.assertEqual(self.env["hc.effect"].search_count([("business_key", "=", "K")]), 1)

    def test_cancel(self):
        self.behave(lambda item: item.review("incomplete"))
        message = self.note()
        self.drain()
        with self.assertRaises(UserError):
            message._give_up("cancelled", " ")
        message._give_up("cancelled", "Sent again by hand")
        self.assertEqual(message.state, "cancelled")
        self.assertEqual(self.drain(), 0)
        with self.assertRaises(UserError):
            message.action_cancel()

    def test_nobody_writes_the_ledger(self):
        message = self.note()
        manager = new_test_user(
            self.env,
            "boss",
            "healthcare_integration_base.group_integration_manager,base.group_system",
        )
        for call in (
            lambda m: m.write({"state": "done"}),
            lambda m: m.unlink(),
            lambda m: m.copy(),
            lambda m: m.create({"uuid": "forged"}),
        ):
            with self.assertRaises(AccessError):
                call(message.with_user(manager))

    def test_viewer_sees_no_payload_and_cannot_act(self):
        message = self.note()
        viewer = new_test_user(
            self.env, "viewer", "healthcare_integration_base.group_integration_viewer"
        )
        seen = message.with_user(viewer)
        self.assertEqual(seen.state, "received")
        with self.assertRaises(AccessError):
            seen.read(["payload"])
        with self.assertRaises(AccessError):
            seen.action_cancel()

    def test_portal_user_sees_nothing(self):
        message = self.note()
        portal = new_test_user(self.env, "portal-hc", "base.group_portal")
        with self.assertRaises(AccessError):
            message.with_user(portal).read(["state"])

    def test_other_company_sees_nothing(self):
        message = self.note()
        company = self.env["res.company"].create({"name": "Other hospital"})
        other = new_test_user(
            self.env,
            "other-company",
            "healthcare_integration_base.group_integration_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.env["hc.message"].with_user(other).search([("id", "=", message.id)]))

    def test_handler_runs_as_the_systems_user(self):
        users = []

        def handle(handler, items):
            users.append((handler.env.user, handler.env.su, handler.env.company))

        with patch.object(type(self.env["hc.message.handler"]), "_handle", handle):
            self.note()
            self.drain()
        self.assertEqual(users, [(self.system.user_id, False, self.env.company)])

    def test_fix_is_carried_to_the_issue(self):
        fix = Fix("identifier", "item", "gtin", "00380740000011")
        self.behave(
            lambda item: item.review("unmapped_item", subject="gtin|00380740000011", fix=fix)
        )
        message = self.note()
        self.drain()
        issue = message.issue_id
        self.assertEqual(issue.fix_kind, "identifier")
        self.assertEqual(issue.fix_value, "00380740000011")

    def test_audit_of_the_way(self):
        message = self.note()
        self.drain()
        events = self.env["hc.audit.event"].search([("object", "=", message.uuid)], order="id")
        self.assertEqual(events.mapped("action"), ["message.received", "message.handled"])
        self.assertEqual(events[-1].outcome, "done")
