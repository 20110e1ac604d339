# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import new_test_user, tagged

from ..engine.sync import pull, pull_http
from .batch_http_case import BatchHttpCase, Lost
from .outbound_common import SECRET
from .receiver import Feed, answer, drop
from .test_access import HOST_KEY

BASE = "healthcare_integration_base"


def note(number, **more):
    return {"facility": "NORTH", "number": f"N-{number}", "value": number, **more}


def page(items, after=None, **headers):
    return answer(200, json.dumps({"items": items, "next": after}).encode(), **headers)


@tagged("post_install", "-at_install")
class TestSyncHttpPull(BatchHttpCase):
    """Pages of a source that really listens become messages, each row once."""

    def numbers(self):
        return [one["number"] for one in self.messages().mapped("payload")]

    def test_pages_until_the_end_and_what_comes_later(self):
        feed = Feed(map(note, range(1, 8)))
        receiver = self.listen(feed)
        job = self.make_http()
        run = self.sync(job)
        self.assertEqual((run.state, run.accepted_count, run.page_count), ("done", 7, 4))
        self.assertEqual((feed.asked, job.cursor), ([0, 3, 6, 7], "7"))
        self.assertEqual((run.cursor_before or "", run.cursor), ("", "7"))
        self.assertEqual(run.line_ids.mapped("number"), list(range(1, 8)))
        self.assertEqual(run.line_ids.mapped("state"), ["accepted"] * 7)
        self.assertEqual(self.numbers(), [f"N-{n}" for n in range(1, 8)])
        request = receiver.requests[0]
        self.assertEqual((request.method, request.path), ("GET", "/feed?limit=3"))
        self.assertTrue(request.headers["webhook-signature"].startswith("v1,"))
        feed.rows += [note(8)]
        run = self.sync(job)
        self.assertEqual((run.accepted_count, run.duplicate_count, job.cursor), (1, 0, "8"))
        self.assertEqual(feed.asked[4:], [7, 8])

    def test_end_without_a_cursor_reads_its_last_page_again(self):
        feed = Feed(map(note, range(1, 6)), ever=False)
        self.listen(feed)
        job = self.make_http()
        self.assertEqual(self.sync(job).accepted_count, 5)
        feed.rows += [note(6)]
        run = self.sync(job)
        self.assertEqual((run.accepted_count, run.duplicate_count), (1, 2))
        self.assertEqual((feed.asked, job.cursor), ([0, 3, 3], "3"))

    def test_last_row_of_ndjson_and_a_bearer(self):
        lines = [note(n, thread=f"T-{n}") for n in (1, 2)]
        receiver = self.listen(answer(200, self.ndjson(*lines).encode()), answer(204, b""))
        self.endpoint.write({"auth": "bearer", "secret": "token-1"})
        job = self.make_http(
            file_format="ndjson",
            next_is="last_row",
            next_field="/thread",
            cursor_parameter="since",
            limit_parameter=False,
        )
        run = self.sync(job)
        self.assertEqual((run.state, run.accepted_count, job.cursor), ("done", 2, "T-2"))
        self.assertEqual([one.path for one in receiver.requests], ["/feed", "/feed?since=T-2"])
        self.assertEqual(receiver.requests[0].headers["authorization"], "Bearer token-1")

    def test_link(self):
        body = json.dumps([note(1)]).encode()
        self.listen(
            answer(200, body, Link='<?cursor=c2>; rel="next"'),
            answer(200, json.dumps([note(2)]).encode()),
        )
        job = self.make_http(next_is="link")
        self.assertEqual((self.sync(job).accepted_count, job.cursor), (2, "c2"))

    def test_cloudevents(self):
        event = {
            "specversion": "1.0",
            "id": "E-1",
            "source": self.source,
            "type": self.kind.name,
            "data": note(1),
        }
        self.listen(page([event, {"specversion": "1.0"}]))
        job = self.make_http(rows_are="events", identity="file", message_type_id=False)
        run = self.sync(job)
        self.assertEqual((run.state, run.accepted_count, run.invalid_count), ("partial", 1, 1))
        self.assertEqual(self.messages().message_identifier, "E-1")

    def test_bad_rows_are_reported_and_not_kept(self):
        canary = "CANARY-7731"
        person = {"mrn": "CANARY-MRN-1"}
        self.listen(page([note(1, patient=person), note(2, value=canary)]))
        with self.assertLogs("odoo", "DEBUG") as logs:
            run = self.sync(self.make_http())
        self.assertEqual((run.state, run.accepted_count), ("partial", 1))
        self.assertIn("/value:", run.bad_line_ids.detail)
        self.assertFalse(self.rows_with(canary, "CANARY-MRN-1"))
        self.assertNotIn("CANARY", "\n".join(logs.output))

    def test_all_or_none_of_a_page(self):
        self.listen(page([note(1)], "p2"), page([note(2), note(3, value="x")], "p3"))
        job = self.make_http(row_policy="all_or_nothing", max_rows=100)
        run = self.sync(job)
        self.assertEqual((run.state, run.error_code), ("refused", "rows_invalid"))
        self.assertEqual(run.line_ids.mapped("state"), ["accepted", "cancelled", "invalid"])
        self.assertEqual((self.numbers(), job.cursor), (["N-1"], "p2"))

    # ------------------------------------------------------------------ crashes

    def test_worker_is_lost_behind_a_page(self):
        """Before what was read is kept: the page is asked for again."""
        feed = Feed(map(note, range(1, 8)))
        self.listen(feed)
        job, real = self.make_http(), pull_http.pages.read_page

        def lost(*args):
            if len(feed.asked) == 2:
                raise Lost
            return real(*args)

        with patch.object(pull_http.pages, "read_page", lost):
            self.lose(job)
        self.assertEqual((job.cursor, job.run_ids.staged_count), ("3", 3))
        self.work()
        self.assertEqual(feed.asked, [0, 3, 3, 6, 7])
        self.assertEqual((job.run_ids.state, job.run_ids.accepted_count), ("done", 7))
        self.assertEqual(job.run_ids.duplicate_count, 0)

    def test_worker_is_lost_in_a_page(self):
        """While its rows are put into the ledger: nothing is asked for again."""
        feed = Feed(map(note, range(1, 8)))
        self.listen(feed)
        job, real = self.make_http(), pull.RunLedger._beside

        def lost(ledger, cr, groups):
            real(ledger, cr, groups)
            if ledger.book.look()["accepted_count"] == 5:
                raise Lost

        with patch.object(pull, "CHUNK", 2):
            with patch.object(pull.RunLedger, "_beside", lost):
                self.lose(job)
            self.assertEqual((job.cursor, job.run_ids.accepted_count), ("3", 3))
            self.work()
        self.assertEqual(feed.asked, [0, 3, 6, 7])
        self.assertEqual((job.run_ids.accepted_count, len(self.messages())), (7, 7))

    def test_worker_is_lost_before_the_cursor_moves(self):
        feed = Feed(map(note, range(1, 5)))
        self.listen(feed)
        job, real = self.make_http(), pull_http.HttpPull._move_on

        def lost(worker, run):
            real(worker, run)
            raise Lost

        with patch.object(pull_http.HttpPull, "_move_on", lost):
            self.lose(job)
        self.assertEqual((job.cursor, job.run_ids.accepted_count), (False, 3))
        self.work()
        self.assertEqual((feed.asked, job.cursor), ([0, 3, 4], "4"))
        self.assertEqual((job.run_ids.accepted_count, job.run_ids.duplicate_count), (4, 0))

    # ------------------------------------------------------------------- errors

    def test_refusals_have_names(self):
        cases = [
            (answer(401), "source_denied"),
            (answer(404), "source_missing"),
            (answer(422), "source_refused"),
            (answer(302, Location="https://elsewhere.example/"), "redirect_refused"),
            (answer(200, b"<html>", Content_Type="text/html"), "page_malformed"),
            (answer(200, b'{"items": [' + b"1," * 1_000_000), "file_too_large"),
            (page([1] * 11, "c"), "file_too_many_rows"),
        ]
        job = self.make_http(max_rows=10, max_megabytes=1)
        receiver = self.listen(drop)
        for respond, code in cases:
            with self.subTest(code):
                receiver.now_answer(respond)
                run = self.sync(job)
                self.assertEqual((run.state, run.error_code), ("failed", code))
                issue = self.env["hc.issue"].search([("error_code", "=", code)])
                self.assertEqual(issue.channel_id, self.channel)
        receiver.now_answer(page([note(1)]))
        run.action_retry()
        self.work()
        self.assertEqual((run.state, run.accepted_count, job.cursor), ("done", 1, False))

    def test_what_may_pass_is_tried_again(self):
        for respond, code in ((drop, "source_unreachable"), (answer(500), "source_failed")):
            with self.subTest(code):
                receiver = self.listen(page([note(1)], "p2"), respond)
                run = self.sync(self.make_http(name=code, cursor=False))
                self.assertEqual((run.state, run.error_code), ("staging", code))
                self.assertEqual((run.attempt_count, run.accepted_count), (1, 1))
                asked = len(receiver.requests)
                self.work()
                self.assertEqual(len(receiver.requests), asked)  # its time has not come
                receiver.now_answer(page([note(2)]))
                self.make_due_again(run)
                self.assertEqual((run.state, run.accepted_count), ("done", 2))
                self.assertFalse(run.error_code)
                self.forget(run.job_id)

    def forget(self, job):
        self.env.cr.execute("DELETE FROM hc_sync_run_line; DELETE FROM hc_sync_run")
        self.env.cr.execute("DELETE FROM hc_message WHERE channel_id = %s", [self.channel.id])
        self.env.cr.execute("DELETE FROM hc_sync_job WHERE id = %s", [job.id])
        self.env.invalidate_all()

    def test_a_source_that_is_busy_says_when(self):
        receiver = self.listen(answer(429, Retry_After="7200"))
        run = self.sync(self.make_http())
        self.assertEqual((run.error_code, run.attempt_count), ("source_busy", 0))
        self.assertGreater(run.next_try_at, fields.Datetime.now() + timedelta(minutes=110))
        receiver.now_answer(page([note(1)]))
        self.make_due_again(run)
        self.assertEqual(run.state, "done")

    def test_circles(self):
        for script in (
            [page([note(1)], "a"), page([note(2)], "a")],
            [page([note(1)], "a"), page([note(2)], "b"), page([note(3)], "a")],
        ):
            with self.subTest(len(script)):
                self.listen(*script)
                run = self.sync(self.make_http())
                self.assertEqual((run.state, run.error_code), ("failed", "cursor_stuck"))
                self.assertEqual(run.accepted_count, len(script) - 1)
                self.forget(run.job_id)

    def test_private_address(self):
        receiver = self.listen(page([note(1)]))
        self.endpoint.allow_private = False
        run = self.sync(self.make_http())
        self.assertEqual((run.state, run.error_code), ("failed", "address_refused"))
        self.assertFalse(receiver.requests)

    def test_endpoint_without_its_secret(self):
        self.listen(page([note(1)]))
        self.endpoint.sudo().secret_sealed = False
        run = self.sync(self.make_http())
        self.assertEqual((run.state, run.error_code), ("failed", "endpoint_unusable"))

    # ---------------------------------------------------------- people, schedule

    def test_cancel(self):
        feed = Feed(map(note, range(1, 8)))
        self.listen(feed)
        job, real = self.make_http(), pull.RunLedger._beside

        def cancelled(ledger, cr, groups):
            real(ledger, cr, groups)
            cr.execute("UPDATE hc_sync_run SET cancel_requested = true")

        with patch.object(pull, "CHUNK", 2), patch.object(pull.RunLedger, "_beside", cancelled):
            run = self.sync(job)
        self.assertEqual((run.state, run.accepted_count, job.cursor), ("cancelled", 2, False))
        run = self.sync(job)
        self.assertEqual((run.state, run.accepted_count, run.duplicate_count), ("done", 5, 2))

    def test_a_run_that_is_full_is_followed_by_another(self):
        self.listen(Feed(map(note, range(1, 8))))
        job = self.make_http(max_rows=4)
        self.sync(job)
        self.assertEqual(job.run_ids.sorted("id").mapped("accepted_count"), [6, 1])
        self.assertEqual(job.cursor, "7")

    def test_schedule_that_finds_nothing_leaves_nothing(self):
        feed = Feed([note(1)])
        self.listen(feed)
        job = self.make_http(schedule="interval", interval_minutes=5, cursor="1")
        job.sudo().next_run_at = "2020-01-01"
        self.work()
        self.assertEqual((feed.asked, len(job.run_ids)), ([1], 0))

    def test_a_manager_sets_the_cursor_back_while_it_runs(self):
        feed = Feed(map(note, range(1, 5)))
        self.listen(feed)
        job, real = self.make_http(), pull.RunLedger._beside
        job.cursor = "3"

        def set_back(ledger, cr, groups):
            real(ledger, cr, groups)
            if feed.asked == [3]:
                cr.execute("UPDATE hc_sync_job SET cursor = NULL")

        with patch.object(pull.RunLedger, "_beside", set_back):
            run = self.sync(job)
        self.assertEqual(feed.asked, [3, 0, 3, 4])
        self.assertEqual((run.accepted_count, run.duplicate_count), (4, 1))

    def test_rights_and_trail(self):
        viewer = new_test_user(self.env, "h.viewer", f"{BASE}.group_integration_viewer")
        operator = new_test_user(self.env, "h.operator", f"{BASE}.group_integration_operator")
        manager = new_test_user(self.env, "h.manager", f"{BASE}.group_integration_manager")
        self.listen(Feed(map(note, range(1, 3))))
        job = self.make_http()
        with self.assertRaises(AccessError):
            job.with_user(operator).cursor = "1"
        with self.assertRaises(AccessError):
            job.with_user(viewer).action_run_now()
        job.with_user(operator).action_run_now()
        self.work()
        self.assertEqual(job.with_user(viewer).run_ids.accepted_count, 2)
        with self.assertRaises(AccessError):
            job.run_ids.with_user(manager).cursor = "1"
        job.with_user(manager).cursor = False
        trail = self.env["hc.audit.event"].search([("action", "=", "sync.cursor_set")])
        self.assertEqual(trail.object, f"hc.sync.job,{job.id}")

    def test_what_a_job_must_say(self):
        other = self.make_endpoint(self.make_system("other"))
        for wrong in (
            {"endpoint_id": False},
            {"endpoint_id": other.id},
            {"file_format": "csv"},
            {"identity": "file"},
            {"file_format": "ndjson"},
            {"next_field": "next"},
            {"items_field": "items"},
            {"cursor_parameter": "a b"},
            {"limit_parameter": "cursor"},
            {"cursor": "a\nb"},
        ):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                self.make_http(**wrong)
        with self.assertRaises(ValidationError):
            self.make_job(store_id=False)

    def test_rewound_after_a_restore(self):
        feed = Feed(map(note, range(1, 4)))
        self.listen(feed)
        job = self.make_http()
        first = self.sync(job)
        feed.rows += [note(4)]
        self.sync(job)
        self.assertEqual(job.cursor, "4")
        moment = fields.Datetime.now()
        first.sudo().finished_at = moment - timedelta(hours=2)
        [(channel, text, whole)] = job._rewind(moment - timedelta(hours=1))
        self.assertEqual((channel, whole, job.cursor), (self.channel, True, "3"))
        self.assertIn("Reads again", text)
        run = self.sync(job)
        self.assertEqual((run.accepted_count, run.duplicate_count), (0, 1))
        job._rewind(moment - timedelta(hours=3))
        self.assertFalse(job.cursor)
        self.assertEqual(self.sync(job).duplicate_count, 4)

    def test_a_staging_copy_neither_pulls_nor_pushes(self):
        receiver = self.listen(Feed([note(1)]))
        sftp = self.make_store(
            name="Partner",
            kind="sftp",
            host="sftp.example",
            login="hospital",
            password="secret",
            host_keys=HOST_KEY,
            path=False,
        )
        job = self.make_http(schedule="interval", interval_minutes=5)
        job.action_run_now()
        self.env.flush_all()
        for query in get_neutralization_queries([BASE]):
            self.env.cr.execute(query)
        self.env.cr.execute("UPDATE hc_sync_job SET next_run_at = '2020-01-01'")
        self.env.invalidate_all()
        self.work()
        self.assertFalse(job.active or self.endpoint.active or sftp.active)
        self.assertFalse(self.store_record.active or sftp.has_password)
        self.assertEqual(job.run_ids.mapped("state"), ["cancelled"])
        with self.assertRaises(UserError):
            job.action_run_now()
        self.endpoint.write({"active": True, "secret": SECRET})
        self.work()
        self.assertFalse(receiver.requests)
        self.assertFalse(self.messages())
