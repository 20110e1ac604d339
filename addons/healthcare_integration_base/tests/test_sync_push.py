# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..engine.sync import push
from ..messaging.files.folder import Folder
from .batch_case import BatchCase


class _Lost(BaseException):
    """The worker is gone: nothing of it runs any more."""


@tagged("post_install", "-at_install")
class TestSyncPush(BatchCase):
    """What waits on an outbound channel of scheduled files becomes one file, once."""

    def setUp(self):
        super().setUp()
        self.channel = self.make_channel(
            self.system,
            self.kind,
            code="out",
            direction="out",
            sync_mode="scheduled_batch",
            lane_id=self.env["hc.lane"]
            .search([("direction", "=", "out"), ("segment", "=", self.system.segment)], limit=1)
            .id,
        )
        self.job = self.make_job(message_type_id=False, file_format="ndjson", file_prefix="notes")

    def queue(self, *numbers):
        for number in numbers:
            data = {"facility": "NORTH", "number": f"N-{number}", "value": number}
            self.env["hc.outbox"]._send(
                self.kind.name, data, company=self.env.company, key=f"K-{number}"
            )

    def lines(self):
        [name] = self.tree()
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def lose(self):
        try:
            self.sync(self.job)
        except _Lost:
            self.env.invalidate_all()
            return
        self.fail("the worker was not lost")

    def test_ndjson(self):
        self.queue(1, 2, 3)
        run = self.sync(self.job)
        self.assertEqual((run.state, run.delivered_count), ("done", 3))
        self.assertEqual([one["number"] for one in self.lines()], ["N-1", "N-2", "N-3"])
        self.assertEqual(self.tree(), [run.file_name])
        self.assertIn(run.uuid[:8], run.file_name)
        self.assertEqual(self.messages().mapped("state"), ["done"] * 3)
        self.assertEqual(self.messages().attempt_ids.mapped("outcome"), ["done"] * 3)
        self.assertEqual(run.line_ids.mapped("state"), ["delivered"] * 3)
        self.queue(1, 4)  # the first is known
        run = self.sync(self.job)
        self.assertEqual((run.state, run.delivered_count, len(self.tree())), ("done", 1, 2))

    def test_cloudevents(self):
        self.job.rows_are = "events"
        self.queue(1)
        self.sync(self.job)
        [event] = self.lines()
        self.assertEqual((event["specversion"], event["id"]), ("1.0", "K-1"))
        self.assertEqual((event["type"], event["data"]["number"]), (self.kind.name, "N-1"))

    def test_csv(self):
        with self.assertRaises(ValidationError):
            self.job.file_format = "csv"
        columns = [("Nr", "/number"), ("Haus", "/facility"), ("Leer", "/thread")]
        self.job.write(
            {
                "column_ids": [(0, 0, {"name": n, "pointer": p}) for n, p in columns],
                "file_format": "csv",
                "delimiter": "semicolon",
            }
        )
        self.queue(1, 2)
        run = self.sync(self.job)
        text = (self.folder / run.file_name).read_text()
        self.assertEqual(text, "Nr;Haus;Leer\nN-1;NORTH;\nN-2;NORTH;\n")

    def test_nothing_waits(self):
        self.job.action_run_now()
        self.work()
        self.assertEqual((self.job.run_ids.state, self.tree()), ("done", []))

    def test_worker_is_lost_after_the_file_was_written(self):
        self.queue(1, 2)
        real = Folder.put

        def lost(folder, name, raw):
            real(folder, name, raw)
            raise _Lost

        with patch.object(Folder, "put", lost):
            self.lose()
        self.assertEqual(self.messages().mapped("state"), ["queued"] * 2)
        self.queue(3)  # comes too late for this file
        with patch.object(Folder, "put", side_effect=AssertionError("written twice")):
            self.work()
        self.assertEqual([one["number"] for one in self.lines()], ["N-1", "N-2"])
        self.assertEqual(self.messages().mapped("state"), ["done", "done", "queued"])

    def test_worker_is_lost_before_the_file_was_written(self):
        self.queue(1, 2)
        with patch.object(Folder, "put", side_effect=_Lost):
            self.lose()
        name = self.job.run_ids.file_name
        self.work()
        self.assertEqual(self.tree(), [name])
        self.assertEqual(self.messages().mapped("state"), ["done"] * 2)

    def test_worker_is_lost_while_messages_are_marked(self):
        self.queue(*range(1, 8))
        real, calls = push.FilePush.finish, []

        def lost(worker, run):
            calls.append(1)
            if len(calls) == 3:
                raise _Lost
            real(worker, run)

        with patch.object(push, "CHUNK", 2):
            with patch.dict(push.FilePush.steps, {"finishing": lost}):
                self.lose()
            self.assertEqual(self.messages().mapped("state").count("done"), 4)
            self.work()
        self.assertEqual(self.messages().mapped("state"), ["done"] * 7)
        self.assertEqual(len(self.messages().attempt_ids), 7)
        self.assertEqual(self.job.run_ids.delivered_count, 7)

    def test_file_of_another_under_the_name(self):
        self.queue(1)
        self.job.action_run_now()
        self.job.run_ids.flush_recordset()
        with patch.object(push.FilePush, "_name", lambda *_: "notes.ndjson"):
            self.put("notes.ndjson", "of somebody else")
            self.work()
        run = self.job.run_ids
        self.assertEqual((run.state, run.error_code), ("failed", "file_exists"))
        self.assertEqual((self.folder / "notes.ndjson").read_text(), "of somebody else")
        self.assertEqual(self.messages().state, "queued")
        (self.folder / "notes.ndjson").unlink()
        run.action_retry()
        self.work()
        self.assertEqual((run.state, self.messages().state), ("done", "done"))

    def test_cancelled_message_does_not_leave(self):
        self.queue(1, 2)
        with patch.object(Folder, "put", side_effect=_Lost):
            self.lose()
        self.env.cr.execute(
            "UPDATE hc_message SET state = 'cancelled' WHERE id = %s", [self.messages()[0].id]
        )
        self.work()
        self.assertEqual([one["number"] for one in self.lines()], ["N-2"])
        self.assertEqual(self.job.run_ids.line_ids.mapped("state"), ["cancelled", "delivered"])
        self.assertEqual(
            self.messages().invalidate_recordset() or self.messages().mapped("state"),
            ["cancelled", "done"],
        )

    def test_cancel_before_and_after_it_was_written(self):
        self.queue(1)
        self.job.action_run_now()
        self.job.run_ids.action_cancel()
        self.work()
        self.assertEqual((self.job.run_ids.state, self.messages().state), ("cancelled", "queued"))
        run = self.sync(self.job)
        self.assertEqual(run.state, "done")
        with self.assertRaises(UserError):
            run.action_cancel()
