# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import threading
from contextlib import closing

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import new_test_user, tagged

from ..engine.outbound import gate, queue
from .outbound_common import SECRET, OutboundCase
from .receiver import Receiver, answer, drop

BASE = "healthcare_integration_base"


@tagged("post_install", "-at_install")
class TestUnknown(OutboundCase):
    """Sent, and nobody knows whether it arrived: settled as the channel says."""

    def kill_while_sending(self, *messages):
        """What a worker leaves behind that is killed between POST and commit."""
        for message in messages:
            self.env["hc.delivery"].create(
                {"message_id": message.id, "endpoint_id": self.endpoint.id}
            )

    def unknown(self):
        """A message that a receiver took and did not answer."""
        message = self.queue()
        with Receiver(drop) as receiver:
            self.lead_to(receiver)
            self.dispatch()
        self.assertEqual(message.state, "unknown")
        return message

    def operator(self, **values):
        return new_test_user(self.env, "hc.out.op", f"{BASE}.group_integration_operator", **values)

    # -------------------------------------------------------------------- a kill

    def test_killed_and_a_person_is_asked(self):
        message = self.queue()
        self.kill_while_sending(message)
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.dispatch()
        self.assertFalse(receiver.requests)
        self.assertEqual((message.state, message.error_code), ("unknown", "delivery_interrupted"))
        self.assertEqual(message.issue_id.waiting_count, 1)
        self.assertFalse(self.env["hc.delivery"].search([]))

    def test_killed_on_a_channel_or_endpoint_that_sends_no_more(self):
        """Nothing is left behind as being sent, which nobody could give up."""
        for pause in ("channel", "endpoint"):
            with self.subTest(pause=pause):
                message = self.queue()
                self.kill_while_sending(message)
                if pause == "channel":
                    self.channel.sudo().state = "paused"
                else:
                    self.endpoint.active = False
                self.dispatch()
                self.assertEqual(message.state, "unknown")
                self.assertFalse(self.env["hc.delivery"].search([]))
                message.with_user(self.settler()).action_give_up()
                self.channel.sudo().state = "active"

    def settler(self):
        return self.env["res.users"].search([("login", "=", "hc.out.op")]) or self.operator()

    def test_killed_and_the_receiver_takes_it_once_only(self):
        self.channel.on_unknown = "repeat"
        message = self.queue()
        self.kill_while_sending(message)
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.dispatch()
            self.make_due(message)
            self.dispatch()
        self.assertEqual(message.state, "done")
        self.assertEqual(len(receiver.of_key(message.uuid)), 1)

    def test_what_kills_its_worker_ends_dead(self):
        self.channel.on_unknown = "repeat"
        message, other = self.queue(1), self.queue(2)
        for _kill in range(4):
            self.kill_while_sending(message)
            self.dispatch(limit=0)
            with Receiver() as receiver:
                self.lead_to(receiver)
                self.env.cr.execute(
                    "UPDATE hc_message SET next_attempt_at = next_attempt_at + interval '1 hour'"
                    " WHERE id = %s",
                    [message.id],
                )
                self.dispatch()
                self.make_due(message)
        self.assertEqual((message.state, message.error_code), ("dead", "worker_killed"))
        self.assertEqual(other.state, "done")

    # --------------------------------------------------------------- the receiver

    def ask(self, *script):
        self.endpoint.status_url = "https://partner.example/events/{key}"
        self.channel.on_unknown = "ask"
        message = self.unknown()
        self.assertFalse(message.issue_id)
        self.make_due(message)
        with Receiver(*script) as receiver:
            self.lead_to(receiver, status_url=receiver.url("/events/{key}"))
            self.dispatch(limit=1)
        self.assertEqual(receiver.requests[0].method, "GET")
        self.assertEqual(receiver.requests[0].path, f"/events/{message.uuid}")
        return message

    def test_it_has_it(self):
        message = self.ask(answer(200))
        self.assertEqual(message.state, "done")
        self.assertEqual(message.attempt_ids[0].trigger, "ask")

    def test_it_does_not_have_it(self):
        message = self.ask(answer(404))
        self.assertEqual(message.state, "retry")
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.make_due(message)
            self.dispatch()
        self.assertEqual(message.state, "done")

    def test_it_does_not_say(self):
        message = self.ask(answer(500))
        self.assertEqual(message.state, "unknown")
        self.assertGreater(message.next_attempt_at, message.create_date)

    def test_it_never_says(self):
        self.channel.retry_max_attempts = 2
        message = self.ask(answer(500))
        self.assertEqual((message.state, message.error_code), ("review", "delivery_unknown"))
        self.assertTrue(message.issue_id)
        self.assertTrue(message.is_unsettled)

    def test_it_can_only_be_asked_where_it_tells(self):
        with self.assertRaises(ValidationError):
            self.channel.on_unknown = "ask"

    # ------------------------------------------------------------------- a person

    def test_it_arrived(self):
        message = self.unknown()
        issue = message.issue_id
        operator = self.operator()
        message.with_user(operator).action_arrived()
        self.assertEqual(message.state, "done")
        self.assertTrue(message.done_at)
        self.assertEqual(issue.state, "resolved")
        event = self.env["hc.audit.event"].search([("action", "=", "message.settled")])
        self.assertEqual((event.user_id, event.object), (operator, message.uuid))
        self.assertEqual(event.details["choice"], "arrived")

    def test_send_again(self):
        message = self.unknown()
        message.with_user(self.operator()).action_send_again()
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.dispatch()
        self.assertEqual(message.state, "done")
        self.assertEqual(len(receiver.of_key(message.uuid)), 1)

    def test_give_up_on_the_issue_for_all(self):
        first, second = self.unknown(), self.unknown()
        self.assertEqual(first.issue_id, second.issue_id)
        first.issue_id.with_user(self.operator()).action_give_up()
        self.assertEqual((first + second).mapped("state"), ["cancelled"] * 2)

    def test_trying_again_is_no_answer(self):
        message = self.unknown()
        message.issue_id.with_user(self.operator()).action_retry()
        self.assertEqual(message.state, "unknown")
        self.assertNotEqual(message.issue_id.state, "resolved")

    def test_who_may_not_say(self):
        message = self.unknown()
        viewer = new_test_user(self.env, "hc.out.view", f"{BASE}.group_integration_viewer")
        for method in ("action_arrived", "action_send_again", "action_give_up"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(message.with_user(viewer), method)()

    def test_what_is_known_is_not_settled(self):
        message = self.queue()
        with self.assertRaises(UserError):
            message.with_user(self.operator()).action_arrived()
        self.assertEqual(message.state, "queued")

    def test_not_while_it_is_on_its_way(self):
        message = self.unknown()
        self.kill_while_sending(message)
        with self.assertRaises(UserError):
            message.with_user(self.operator()).action_give_up()

    def test_a_later_message_of_the_key_waits(self):
        self.channel.ordering_policy = "hold"
        first, second = self.queue(1, ordering_key="k"), self.queue(2, ordering_key="k")
        with Receiver(drop, answer()) as receiver:
            self.lead_to(receiver)
            self.dispatch()
            self.assertEqual((first + second).mapped("state"), ["unknown", "queued"])
            self.channel.ordering_policy = "pass"
            self.dispatch()
        self.assertEqual(second.state, "done")


@tagged("post_install", "-at_install")
class TestBreaker(OutboundCase):
    """A receiver that fails is left in peace."""

    def fail_until_open(self, *script):
        self.endpoint.breaker_threshold = 3
        messages = self.env["hc.message"].browse()
        for number in range(6):
            messages |= self.queue(number)
        self.receiver = Receiver(*(script or [answer(500)]))
        self.receiver.__enter__()
        self.addCleanup(self.receiver.__exit__)
        self.lead_to(self.receiver)
        self.dispatch()
        return messages.sorted("id")

    def test_open_spends_no_attempts(self):
        messages = self.fail_until_open()
        self.assertEqual(self.endpoint.breaker_state, "open")
        self.assertEqual(len(self.receiver.requests), 3)
        self.assertEqual(messages.mapped("attempt_count"), [1, 1, 1, 0, 0, 0])
        self.make_due(messages)
        self.assertEqual(self.dispatch(), 0)
        self.assertEqual(len(self.receiver.requests), 3)
        issue = self.env["hc.issue"].search([("error_code", "=", "sending_interrupted")])
        self.assertEqual(issue.channel_id, self.channel)

    def test_one_probe_then_all(self):
        messages = self.fail_until_open()
        self.pass_time(messages)
        self.dispatch()
        self.assertEqual(len(self.receiver.requests), 4)
        self.assertEqual(self.endpoint.breaker_state, "open")
        self.assertEqual(self.endpoint.breaker_trips, 2)
        self.receiver.now_answer(answer())
        self.pass_time(messages)
        self.dispatch()
        self.assertEqual(self.endpoint.breaker_state, "closed")
        self.assertEqual(set(messages.mapped("state")), {"done"})

    def test_a_long_outage_makes_nothing_dead(self):
        self.channel.retry_max_attempts = 2
        messages = self.fail_until_open()
        for _probe in range(12):
            self.pass_time(messages)
            self.dispatch()
        self.assertNotIn("dead", messages.mapped("state"))
        self.assertGreater(min(messages.mapped("attempt_count")), 1)
        self.receiver.now_answer(answer())
        self.pass_time(messages)
        self.dispatch()
        self.assertEqual(set(messages.mapped("state")), {"done"})

    def test_other_endpoints_go_on(self):
        self.fail_until_open()
        other = self.make_system("other")
        with Receiver() as well:
            self.make_out_channel(other, self.make_endpoint(other, url=well.url()))
            message = self.queue(system=other)
            self.dispatch()
        self.assertEqual(message.state, "done")

    def test_close_now(self):
        messages = self.fail_until_open()
        operator = new_test_user(self.env, "hc.out.op", f"{BASE}.group_integration_operator")
        self.receiver.now_answer(answer())
        self.endpoint.with_user(operator).action_close_breaker()
        self.make_due(messages)
        self.dispatch()
        self.assertEqual(set(messages.mapped("state")), {"done"})
        event = self.env["hc.audit.event"].search([("action", "=", "endpoint.breaker_closed")])
        self.assertEqual(event.user_id, operator)

    def test_refusals_do_not_open_it(self):
        messages = self.fail_until_open(answer(422))
        self.assertEqual(self.endpoint.breaker_state, "closed")
        self.assertEqual(set(messages.mapped("state")), {"review"})

    def test_one_probe_of_many_workers(self):
        """Real connections, each with a transaction of its own, at the same moment."""
        database = self.registry._db
        with closing(database.cursor()) as cr:
            cr.execute("SELECT id FROM res_company ORDER BY id LIMIT 1")
            company = cr.fetchone()[0]
            cr.execute(
                "INSERT INTO hc_system (name, code, kind, company_id, segment, environment)"
                " VALUES ('Probe', 'probe-of-many', 'other', %s, 'enterprise', 'test')"
                " RETURNING id",
                [company],
            )
            system = cr.fetchone()[0]
            cr.execute(
                "INSERT INTO hc_endpoint (name, system_id, url, method, auth, connect_timeout,"
                " read_timeout, total_timeout, max_parallel, breaker_state, breaker_until,"
                " breaker_threshold, breaker_base_seconds, breaker_cap_seconds)"
                " VALUES ('Probe', %s, 'https://x.example/', 'POST', 'none', 5, 5, 5, 1, 'open',"
                " now() AT TIME ZONE 'UTC' - interval '1 minute', 5, 30, 900) RETURNING id",
                [system],
            )
            endpoint = cr.fetchone()[0]
            cr.commit()
        self.addCleanup(self.remove_probe, system)
        start, won = threading.Barrier(4), []

        def worker():
            with closing(database.cursor()) as own:
                gate.read(own, endpoint)  # the snapshot is from before the others' commits
                start.wait()
                try:
                    if gate.take_probe(own, endpoint, 60):
                        won.append(threading.get_ident())
                    own.commit()
                except psycopg2.errors.SerializationFailure:
                    own.rollback()

        for _round in range(5):
            won.clear()
            with closing(database.cursor()) as cr:
                cr.execute(
                    "UPDATE hc_endpoint SET breaker_state = 'open', breaker_until ="
                    " now() AT TIME ZONE 'UTC' - interval '1 minute' WHERE id = %s",
                    [endpoint],
                )
                cr.commit()
            threads = [threading.Thread(target=worker) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(len(won), 1)

    def remove_probe(self, system):
        with closing(self.registry._db.cursor()) as cr:
            cr.execute("DELETE FROM hc_system WHERE id = %s", [system])
            cr.commit()


@tagged("post_install", "-at_install")
class TestEndpoint(OutboundCase):
    """What people enter, and who may."""

    def test_a_secret_is_never_shown(self):
        manager = new_test_user(self.env, "hc.out.chief", f"{BASE}.group_integration_manager")
        endpoint = self.endpoint.with_user(manager)
        endpoint.secret = "whsec_" + "QkJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
        self.env.invalidate_all()
        self.assertFalse(endpoint.read(["secret"])[0]["secret"])
        self.assertTrue(endpoint.has_secret)
        self.assertFalse(self.rows_with("QkJDREVGR0hJSktMTU5P"))
        with self.assertRaises(AccessError):
            endpoint.read(["secret_sealed"])
        with self.assertRaises(UserError):
            endpoint.write({"secret_sealed": "forged"})
        event = self.env["hc.audit.event"].search([("action", "=", "endpoint.secret_set")])[:1]
        self.assertEqual(event.user_id, manager)

    def test_a_copy_has_no_secret_of_the_other(self):
        self.assertFalse(self.endpoint.copy().has_secret)
        sealed = self.endpoint.sudo().secret_sealed
        copy = self.endpoint.copy()
        copy.sudo().secret_sealed = sealed
        self.channel.endpoint_id = copy
        message = self.queue()
        self.dispatch()
        self.assertEqual(message.error_code, "endpoint_unusable")

    def test_what_cannot_be_right(self):
        for values in (
            {"url": "ftp://partner.example/"},
            {"allow_insecure": False, "url": "http://partner.example/"},
            {"secret": "whsec_short"},
            {"ca_bundle": "no certificate"},
            {"client_key": "no key"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.endpoint.write(values)

    def test_a_channel_needs_one_to_be_active(self):
        channel = self.make_out_channel(
            self.partner_system, self.endpoint, code="new", state="in_review"
        )
        channel.endpoint_id = False
        with self.assertRaises(UserError):
            channel.action_activate()
        channel.endpoint_id = self.endpoint
        channel.format = "fhir"
        with self.assertRaises(UserError):
            channel.action_activate()
        channel.format = "cloudevents"
        channel.action_activate()
        self.assertEqual(channel.state, "active")

    def test_lanes_by_direction(self):
        clinical = self.make_system("clinical", segment="clinical")
        channel = self.env["hc.channel"].create(
            {"name": "Out", "code": "o", "system_id": clinical.id, "direction": "out"}
        )
        self.assertEqual(channel.lane_id.code, "clinical-out")
        with self.assertRaises(ValidationError):
            channel.lane_id = self.lane
        channel.write({"direction": "in", "lane_id": self.env.ref(f"{BASE}.lane_clinical").id})

    def test_connection(self):
        manager = new_test_user(self.env, "hc.out.chief", f"{BASE}.group_integration_manager")
        viewer = new_test_user(self.env, "hc.out.view", f"{BASE}.group_integration_viewer")
        with Receiver(answer(405, b"")) as receiver:
            self.lead_to(receiver)
            told = self.endpoint.with_user(manager).action_test()["params"]
            self.assertEqual(told["type"], "success")
            self.assertIn("405", told["message"])
            self.assertEqual(receiver.requests[0].method, "HEAD")
            self.assertFalse(receiver.requests[0].body)
            self.endpoint.allow_private = False
            told = self.endpoint.with_user(manager).action_test()["params"]
            self.assertEqual(told["type"], "danger")
            with self.assertRaises(AccessError):
                self.endpoint.with_user(viewer).action_test()

    def test_a_staging_copy_sends_nothing(self):
        message = self.queue()
        for query in get_neutralization_queries([BASE]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.endpoint.active)
        self.assertFalse(self.endpoint.has_secret)
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.dispatch()
        self.assertFalse(receiver.requests)
        self.assertEqual(message.state, "queued")

    def fill(self, message, count, state, wait):
        """The ledger of a busy year, made of one message."""
        self.env.cr.execute(
            "INSERT INTO hc_message (uuid, direction, system_id, channel_id, lane_id,"
            " message_type_id, company_id, message_identifier, source, idempotency_key,"
            " payload_digest, state, ordering_key, next_attempt_at)"
            " SELECT gen_random_uuid(), direction, system_id, channel_id, lane_id,"
            " message_type_id, company_id, message_identifier, source, gen_random_uuid(),"
            " payload_digest, %s, 'key-' || n %% 100, next_attempt_at + %s * interval '1 hour'"
            " FROM hc_message, generate_series(1, %s) n WHERE id = %s",
            [state, wait, count, message.id],
        )

    def test_what_is_due_is_found_by_indexes(self):
        """In a ledger of many, and behind many that wait for their time."""
        message = self.queue()
        self.fill(message, 60_000, "done", 0)
        self.fill(message, 2_000, "retry", 5)
        self.fill(message, 20, "queued", 0)
        self.env.cr.execute("ANALYZE hc_message")
        values = {"lane": self.out_lane.id, "endpoint": self.endpoint.id}
        for query in (queue.NEXT_TO_SEND, queue.NEXT_TO_PROBE, queue.WITH_WORK):
            self.env.cr.execute(f"EXPLAIN {query}", values)
            plan = "\n".join(row[0] for row in self.env.cr.fetchall())
            self.assertNotIn("Seq Scan on hc_message", plan)
            self.assertIn("hc_message_outbound", plan)

    def test_the_secret_of_the_tests_is_not_kept_in_the_clear(self):
        self.assertFalse(self.rows_with(SECRET.removeprefix("whsec_")))
