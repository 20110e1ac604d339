# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..engine.sync import calls, push_http
from .batch_http_case import BatchHttpCase, Lost
from .receiver import answer, drop


@tagged("post_install", "-at_install")
class TestSyncHttpPush(BatchHttpCase):
    """What waits on an outbound channel is posted in one body, under one key."""

    def setUp(self):
        super().setUp()
        self.channel = self.make_channel(
            self.system,
            self.kind,
            code="out",
            direction="out",
            sync_mode="scheduled_batch",
            on_unknown="repeat",
            lane_id=self.env["hc.lane"]
            .search([("direction", "=", "out"), ("segment", "=", self.system.segment)], limit=1)
            .id,
        )
        self.job = self.make_http(message_type_id=False, file_format="ndjson", identity="file")

    def queue(self, *numbers):
        for number in numbers:
            data = {"facility": "NORTH", "number": f"N-{number}", "value": number}
            self.env["hc.outbox"]._send(
                self.kind.name, data, company=self.env.company, key=f"K-{number}"
            )

    def states(self):
        return self.messages().mapped("state")

    def cancel_first(self):
        self.env.cr.execute(
            "UPDATE hc_message SET state = 'cancelled' WHERE id = %s", [self.messages()[0].id]
        )
        self.env.invalidate_all()

    def same(self, receiver):
        """All requests are the same one; it."""
        told = {(one.headers["idempotency-key"], one.body) for one in receiver.requests}
        self.assertEqual(len(told), 1)
        return receiver.requests[0]

    def test_one_body(self):
        receiver = self.listen(answer(202))
        self.queue(1, 2, 3)
        run = self.sync(self.job)
        self.assertEqual((run.state, run.delivered_count, run.is_sent), ("done", 3, False))
        self.assertEqual(self.states(), ["done"] * 3)
        [request] = receiver.requests
        lines = [json.loads(line) for line in request.body.splitlines()]
        self.assertEqual([one["number"] for one in lines], ["N-1", "N-2", "N-3"])
        self.assertEqual(request.headers["content-type"], "application/x-ndjson")
        self.assertEqual(request.headers["idempotency-key"], run.uuid)
        self.assertEqual(request.headers["webhook-id"], run.uuid)
        self.assertTrue(request.headers["webhook-signature"].startswith("v1,"))
        self.assertEqual(self.messages().attempt_ids.mapped("outcome"), ["done"] * 3)
        self.sync(self.job)
        self.assertEqual(len(receiver.requests), 1)

    def test_forms(self):
        receiver = self.listen(answer())
        forms = {
            ("json", "data"): "application/json",
            ("json", "events"): "application/cloudevents-batch+json",
            ("ndjson", "events"): "application/x-ndjson",
        }
        for number, ((form, rows_are), content_type) in enumerate(forms.items()):
            with self.subTest(content_type):
                self.job.write({"file_format": form, "rows_are": rows_are})
                self.queue(number)
                self.assertEqual(self.sync(self.job).state, "done")
                request = receiver.requests[-1]
                self.assertEqual(request.headers["content-type"], content_type)
                told = json.loads(request.body)
                told = told[0] if form == "json" else told
                self.assertEqual(told.get("type"), self.kind.name if rows_are == "events" else None)
                self.assertEqual((told.get("data") or told)["number"], f"N-{number}")

    def test_csv(self):
        receiver = self.listen(answer())
        self.job.write(
            {"column_ids": [(0, 0, {"name": "Nr", "pointer": "/number"})], "file_format": "csv"}
        )
        self.queue(1)
        self.assertEqual(self.sync(self.job).state, "done")
        self.assertEqual(receiver.requests[0].body, b"Nr\r\nN-1\r\n")

    # ---------------------------------------------------------------- tried again

    def test_a_receiver_that_fails_gets_the_same_again(self):
        receiver = self.listen(answer(500), answer(503, Retry_After="60"), answer())
        self.queue(1, 2)
        run = self.sync(self.job)
        self.assertEqual((run.state, run.error_code), ("applying", "receiver_failed"))
        self.assertFalse(run.is_sent)
        self.queue(3)  # comes too late for this run
        self.make_due_again(run)
        self.assertEqual((run.error_code, run.attempt_count), ("receiver_busy", 1))
        self.make_due_again(run)
        self.assertEqual((run.state, self.states()), ("done", ["done", "done", "queued"]))
        self.assertEqual(len(receiver.requests), 3)
        self.assertEqual(self.same(receiver).body.count(b"\n"), 2)

    def test_it_never_gives_up_and_says_so_once(self):
        self.listen(answer(500))
        self.queue(1)
        run = self.sync(self.job)
        for _attempt in range(7):
            self.make_due_again(run)
        self.assertEqual((run.state, run.attempt_count), ("applying", 8))
        issue = self.env["hc.issue"].search([("error_code", "=", "receiver_failed")])
        self.assertEqual(issue.reopened_count, 0)
        self.assertEqual(issue.channel_id, self.channel)

    def test_refused(self):
        receiver = self.listen(answer(422))
        self.queue(1)
        run = self.sync(self.job)
        self.assertEqual((run.state, run.error_code), ("failed", "refused_by_receiver"))
        self.assertEqual(self.states(), ["queued"])
        receiver.now_answer(answer())
        run.action_retry()
        self.work()
        self.assertEqual((run.state, self.states()), ("done", ["done"]))
        self.same(receiver)

    # ------------------------------------------------------------ unknown outcome

    def test_no_answer_and_sent_again(self):
        receiver = self.listen(drop, answer())
        self.queue(1, 2)
        run = self.sync(self.job)
        self.assertEqual((run.state, run.error_code), ("applying", "delivery_unknown"))
        self.assertTrue(run.is_sent)
        self.make_due_again(run)
        self.assertEqual((run.state, self.states()), ("done", ["done"] * 2))
        self.assertEqual(len(receiver.requests), 2)
        self.same(receiver)

    def test_no_answer_and_a_person(self):
        self.channel.on_unknown = "person"
        receiver = self.listen(drop, answer())
        self.queue(1, 2)
        run = self.sync(self.job)
        self.assertEqual((run.state, run.error_code), ("failed", "delivery_unknown"))
        self.assertEqual(self.states(), ["unknown"] * 2)
        self.assertEqual(run.line_ids.mapped("state"), ["unknown"] * 2)
        self.assertTrue(self.messages().issue_id)
        with self.assertRaises(UserError):
            run.action_retry()
        self.assertEqual(self.sync(self.job).delivered_count, 0)
        first, second = self.messages()
        first.action_arrived()
        second.action_send_again()
        self.sync(self.job)
        self.assertEqual((self.states(), len(receiver.requests)), (["done"] * 2, 2))
        self.assertIn(b"N-2", receiver.requests[1].body)
        self.assertNotIn(b"N-1", receiver.requests[1].body)

    def test_no_answer_and_the_receiver_is_asked(self):
        with self.assertRaises(ValidationError):
            self.channel.on_unknown = "ask"
            self.job.channel_id = self.channel
        for told, posts in ((answer(200), 1), (answer(404), 2)):
            with self.subTest(posts):
                receiver = self.listen(drop, answer(500), told, answer())
                self.endpoint.status_url = receiver.url("/status/{key}")
                self.channel.on_unknown = "ask"
                self.queue(posts)
                run = self.sync(self.job)
                self.make_due_again(run)  # asked, and no answer that says it
                self.assertEqual((run.state, run.is_sent), ("applying", True))
                self.make_due_again(run)
                self.assertEqual(run.state, "done")
                methods = [one.method for one in receiver.requests]
                self.assertEqual(methods, ["POST", "GET", "GET", "POST"][: posts + 2])
                self.assertEqual(receiver.requests[1].path, f"/status/{run.uuid}")

    # -------------------------------------------------------------------- crashes

    def lose_after_post(self):
        """The worker is gone between the receiver's answer and our commit."""
        real = calls.post

        def lost(*args):
            real(*args)
            raise Lost

        with patch.object(push_http.calls, "post", lost):
            self.lose(self.job)

    def test_lost_worker_and_sent_again(self):
        receiver = self.listen(answer())
        self.queue(1, 2)
        self.lose_after_post()
        self.assertEqual(self.states(), ["queued"] * 2)
        self.queue(3)
        self.work()
        self.assertEqual(self.states(), ["done", "done", "queued"])
        self.assertEqual(len(receiver.requests), 2)
        self.same(receiver)

    def test_lost_worker_and_a_person(self):
        self.channel.on_unknown = "person"
        receiver = self.listen(answer())
        self.queue(1)
        self.lose_after_post()
        self.work()
        run = self.job.run_ids
        self.assertEqual((run.state, run.error_code), ("failed", "delivery_interrupted"))
        self.assertEqual((self.states(), len(receiver.requests)), (["unknown"], 1))

    def test_another_content_is_never_sent_under_the_key(self):
        """What may have arrived and was cancelled since is for a person to settle."""
        receiver = self.listen(drop)
        self.queue(1, 2)
        run = self.sync(self.job)
        self.cancel_first()
        self.make_due_again(run)
        self.assertEqual((run.state, len(receiver.requests)), ("failed", 1))
        self.assertEqual(self.states(), ["cancelled", "unknown"])

    def test_another_content_after_a_refusal_is_another_run(self):
        receiver = self.listen(answer(500), answer())
        self.queue(1, 2)
        run = self.sync(self.job)
        self.cancel_first()
        self.make_due_again(run)
        self.assertEqual((run.state, self.states()), ("cancelled", ["cancelled", "done"]))
        first, second = receiver.requests
        self.assertNotEqual(first.headers["idempotency-key"], second.headers["idempotency-key"])
        self.assertNotIn(b"N-1", second.body)

    def test_cancel_of_what_may_have_arrived(self):
        self.listen(drop)
        self.queue(1)
        run = self.sync(self.job)
        run.action_cancel()
        self.make_due_again(run)
        self.assertEqual((run.state, self.states()), ("cancelled", ["unknown"]))

    def test_cancel_of_what_has_not(self):
        self.listen(answer(500))
        self.queue(1)
        run = self.sync(self.job)
        run.action_cancel()
        self.make_due_again(run)
        self.assertEqual((run.state, self.states()), ("cancelled", ["queued"]))
