# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
import socket
import ssl

import trustme
from standardwebhooks import Webhook

from odoo.tests import tagged

from ..messaging.errors import MessageError
from .outbound_common import NOTED, SECRET, OutboundCase
from .receiver import Receiver, answer, drop, garbage, hang, trickle

BRIEF = {"connect_timeout": 2, "read_timeout": 1, "total_timeout": 2}


@tagged("post_install", "-at_install")
class TestOutbound(OutboundCase):
    """From the outbox to a receiver that listens, and what its answers mean."""

    # --------------------------------------------------------------------- outbox

    def test_queued_with_its_cause(self):
        cause = self.send(
            self.make_channel(self.partner_system, self.noted, code="in"),
            self.event({"facility": "NORTH", "value": 1}, NOTED, correlationid="corr-1"),
        )
        message = self.queue(cause=cause)
        self.assertEqual(message.direction, "out")
        self.assertEqual(message.state, "queued")
        self.assertEqual(message.lane_id, self.out_lane)
        self.assertEqual(message.correlation_identifier, "corr-1")
        self.assertEqual(message.causation_identifier, cause.uuid)
        self.assertEqual(self.trail(message), ["message.queued"])

    def test_gone_with_its_cause(self):
        before = self.env["hc.message"].search_count([])
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.assertTrue(self.queue())
            raise ZeroDivisionError
        self.assertEqual(self.env["hc.message"].search_count([]), before)

    def test_the_same_key_is_queued_once(self):
        first = self.queue(key="order/7/1")
        self.assertEqual(len(first), 1)
        self.assertFalse(self.queue(key="order/7/1"))
        self.assertTrue(self.queue(key="order/7/2"))

    def test_one_row_for_each_channel_that_takes_it(self):
        other = self.make_system("other")
        paused = self.make_out_channel(other, self.make_endpoint(other), state="paused")
        elsewhere = self.make_system(
            "elsewhere", company_id=self.env["res.company"].create({"name": "Elsewhere"}).id
        )
        self.make_out_channel(elsewhere, self.make_endpoint(elsewhere))
        self.make_out_channel(other, self.make_endpoint(other), code="draft", state="draft")
        self.assertEqual(self.queue().channel_id, self.channel | paused)
        self.assertEqual(self.queue(system=other).channel_id, paused)

    def test_only_what_the_contract_names_leaves(self):
        message = self.queue(
            data={"facility": "NORTH", "value": 1, "patient": {"mrn": "CANARY-1"}, "x": "CANARY-2"}
        )
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.dispatch()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertNotIn(b"CANARY", receiver.requests[0].body)
        self.assertFalse(self.rows_with("CANARY"))

    def test_a_broken_contract_is_told_to_the_caller(self):
        with self.assertRaises(MessageError) as caught:
            self.queue(data={"facility": "NORTH", "value": "no number"})
        self.assertEqual(caught.exception.code, "contract_invalid")

    def test_data_made_for_each_channel(self):
        self.assertFalse(self.queue(data=lambda channel: None))
        message = self.queue(data=lambda channel: {"facility": channel.code, "value": 1})
        self.assertEqual(message.payload["facility"], "out")

    # ------------------------------------------------------------------ what leaves

    def test_delivered(self):
        message = self.queue()
        with Receiver(answer(202)) as receiver:
            self.lead_to(receiver)
            self.assertEqual(self.dispatch(), 1)
        self.assertEqual(message.state, "done")
        self.assertTrue(message.done_at)
        self.assertEqual(message.attempt_count, 1)
        self.assertEqual(message.attempt_ids.response_status, 202)
        self.assertEqual(self.trail(message), ["message.queued", "message.sent"])
        (request,) = receiver.requests
        event = json.loads(request.body)
        self.assertEqual(event["specversion"], "1.0")
        self.assertEqual(event["id"], message.uuid)
        self.assertEqual(event["type"], NOTED)
        self.assertEqual(event["data"], message.payload)
        self.assertEqual(event["correlationid"], message.correlation_identifier)
        self.assertIn("application/cloudevents+json", request.headers["content-type"])
        self.assertEqual(request.headers["idempotency-key"], message.uuid)
        self.assertFalse(self.env["hc.delivery"].search([]))

    def test_signed_as_the_standard_verifies(self):
        self.queue()
        with Receiver() as receiver:
            self.lead_to(receiver, key_id="hck_ours")
            self.dispatch()
        (request,) = receiver.requests
        verified = Webhook(SECRET).verify(request.body, request.headers)
        self.assertEqual(verified["type"], NOTED)
        self.assertEqual(request.headers["hc-key-id"], "hck_ours")

    def test_bearer(self):
        self.queue()
        with Receiver() as receiver:
            self.lead_to(receiver, auth="bearer", secret="token-of-the-partner")
            self.dispatch()
        self.assertEqual(
            receiver.requests[0].headers["authorization"], "Bearer token-of-the-partner"
        )
        self.assertFalse(self.rows_with("token-of-the-partner"))

    def test_the_same_bytes_and_keys_at_each_try(self):
        message = self.queue()
        with Receiver(answer(500), answer(503), answer()) as receiver:
            self.lead_to(receiver)
            for _try in range(3):
                self.dispatch()
                self.make_due(message)
        self.assertEqual(message.state, "done")
        self.assertEqual(message.attempt_count, 3)
        first, *others = receiver.requests
        for other in others:
            self.assertEqual(other.body, first.body)
            for name in ("idempotency-key", "webhook-id"):
                self.assertEqual(other.headers[name], first.headers[name])
        for request in receiver.requests:
            Webhook(SECRET).verify(request.body, request.headers)

    # --------------------------------------------------------------- what is answered

    def after(self, *script, receiver_options=None, channel=None, **values):
        """The message after one try at a receiver that answers like this."""
        self.channel.write(channel or {})
        message = self.queue()
        with Receiver(*script, **(receiver_options or {})) as receiver:
            self.lead_to(receiver, **values)
            self.dispatch()
            receiver.let_go()
        self.requests = receiver.requests
        return message

    def test_statuses(self):
        for status, state, code in (
            (200, "done", False),
            (204, "done", False),
            (400, "review", "refused_by_receiver"),
            (401, "review", "credential_refused"),
            (403, "review", "credential_refused"),
            (404, "review", "refused_by_receiver"),
            (408, "retry", "receiver_failed"),
            (409, "review", "refused_by_receiver"),
            (422, "review", "refused_by_receiver"),
            (425, "retry", "receiver_failed"),
            (429, "retry", "receiver_busy"),
            (500, "retry", "receiver_failed"),
            (502, "retry", "receiver_failed"),
            (302, "review", "redirect_refused"),
        ):
            with self.subTest(status):
                message = self.after(answer(status, b"", Location="http://169.254.169.254/"))
                self.assertEqual((message.state, message.error_code), (state, code))
                self.assertEqual(message.attempt_ids.response_status, status)
                self.assertEqual(len(self.requests), 1)
                self.assertEqual(bool(message.issue_id), state == "review")

    def test_a_known_key_is_delivered_where_409_says_so(self):
        message = self.after(answer(409), conflict_is_delivered=True)
        self.assertEqual(message.state, "done")

    def test_retry_after_is_kept(self):
        for header, seconds in (("120", 120), ("999999", 3600)):
            with self.subTest(header):
                message = self.after(answer(429, Retry_After=header))
                self.env.cr.execute(
                    "SELECT extract(epoch FROM next_attempt_at - now() AT TIME ZONE 'UTC')"
                    " FROM hc_message WHERE id = %s",
                    [message.id],
                )
                self.assertAlmostEqual(float(self.env.cr.fetchone()[0]), seconds, delta=120)

    def test_nothing_of_an_answer_is_kept(self):
        message = self.after(answer(422, b'{"error": "CANARY-ANSWER about Mrs. Canary"}'))
        self.assertEqual(message.error_code, "refused_by_receiver")
        self.assertFalse(self.rows_with("CANARY-ANSWER"))

    def test_sent_but_not_answered(self):
        for trouble in (hang, drop, trickle, garbage):
            with self.subTest(trouble.__name__):
                message = self.after(trouble, **BRIEF)
                self.assertEqual(message.state, "unknown")
                self.assertEqual(message.error_code, "delivery_unknown")
                self.assertEqual(message.issue_id.error_code, "delivery_unknown")
                self.assertEqual(
                    message.issue_id.waiting_count, len(message.issue_id.hc_message_ids)
                )
                self.endpoint._sudo_close_breaker()

    def test_a_page_is_no_answer_of_the_receiver(self):
        for liar in (
            answer(200, b"<!DOCTYPE html><p>Please log in", Content_Type="text/html"),
            answer(200, b"no json at all"),
        ):
            message = self.after(liar)
            self.assertEqual((message.state, message.error_code), ("unknown", "answer_implausible"))

    def test_nobody_listens(self):
        message = self.queue()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.endpoint.url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
            self.dispatch()
        self.assertEqual((message.state, message.error_code), ("retry", "receiver_unreachable"))

    def test_private_address_unless_allowed(self):
        message = self.after(answer(), allow_private=False)
        self.assertEqual((message.state, message.error_code), ("review", "address_refused"))
        self.assertFalse(self.requests)

    def test_tls(self):
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        pem = authority.cert_pem.bytes().decode()
        message = self.queue()
        with Receiver(context=context) as receiver:
            self.endpoint.url = receiver.url(host="localhost")
            self.dispatch()
            self.assertEqual((message.state, message.error_code), ("retry", "tls_failed"))
            self.assertFalse(receiver.requests)
            self.endpoint.ca_bundle = pem
            self.make_due(message)
            self.dispatch()
        self.assertEqual(message.state, "done")

    def test_client_certificate(self):
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        own = authority.issue_cert("odoo.example")
        key = own.private_key_pem.bytes().decode()
        message = self.queue()
        with Receiver(context=context) as receiver:
            self.endpoint.write(
                {
                    "url": receiver.url(host="localhost"),
                    "auth": "none",
                    "ca_bundle": authority.cert_pem.bytes().decode(),
                }
            )
            self.dispatch()
            self.assertEqual(message.error_code, "tls_failed")
            chain = b"".join(blob.bytes() for blob in own.cert_chain_pems).decode()
            self.endpoint.write({"client_certificate": chain, "client_key": key})
            self.make_due(message)
            self.dispatch()
        self.assertEqual(message.state, "done")
        self.assertFalse(self.endpoint.client_key)
        self.assertTrue(self.endpoint.has_client_key)
        self.assertFalse(self.rows_with(key.splitlines()[2]))

    def test_an_endpoint_without_its_secret(self):
        self.endpoint.sudo().secret_sealed = False
        message = self.after(answer())
        self.assertEqual((message.state, message.error_code), ("review", "endpoint_unusable"))
        self.assertFalse(self.requests)

    def test_attempts_end(self):
        self.channel.retry_max_attempts = 2
        message = self.queue()
        with Receiver(answer(500)) as receiver:
            self.lead_to(receiver)
            for _try in range(4):
                self.dispatch()
                self.make_due(message)
        self.assertEqual(message.state, "dead")
        self.assertEqual(len(receiver.requests), 2)
        self.assertTrue(message.issue_id)

    # ------------------------------------------------------------------- order, fairness

    def test_one_key_in_order(self):
        first, second = self.queue(1, ordering_key="bed-7"), self.queue(2, ordering_key="bed-7")
        other = self.queue(3, ordering_key="bed-8")
        with Receiver(answer(500), answer()) as receiver:
            self.lead_to(receiver)
            self.dispatch()
            self.assertEqual((first + second + other).mapped("state"), ["retry", "queued", "done"])
            self.make_due(first)
            self.dispatch()
        self.assertEqual(second.state, "done")
        values = [json.loads(one.body)["data"]["value"] for one in receiver.requests]
        self.assertEqual(values[-2:], values[:1] + ["2"])

    def test_a_slow_receiver_holds_up_no_other(self):
        """The one that hangs is let go only when the other has got all of its messages."""
        slow = self.make_system("slow")
        endpoint = self.make_endpoint(slow)
        self.make_out_channel(slow, endpoint)
        for number in range(20):
            self.queue(number)

        def quickly(handler):
            answer()(handler)
            if len(quick.requests) == 20:
                hanging.let_go()

        with Receiver(hang) as hanging, Receiver(quickly) as quick:
            endpoint.url = hanging.url()
            self.lead_to(quick)
            self.assertEqual(self.dispatch(limit=21), 21)
        self.assertEqual((len(quick.requests), len(hanging.requests)), (20, 1))

    def test_as_many_at_once_as_the_endpoint_allows(self):
        for number in range(12):
            self.queue(number)

        def slowly(handler):
            handler.server.let_go.wait(0.2)
            answer()(handler)

        with Receiver(slowly) as receiver:
            self.lead_to(receiver, max_parallel=3)
            self.dispatch()
        self.assertEqual(len(receiver.requests), 12)
        self.assertEqual(receiver.most, 3)

    def test_a_paused_channel_waits(self):
        self.channel.state = "paused"
        message = self.queue()
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.assertEqual(self.dispatch(), 0)
            self.assertEqual(message.state, "queued")
            self.channel.state = "active"
            self.dispatch()
        self.assertEqual(message.state, "done")
