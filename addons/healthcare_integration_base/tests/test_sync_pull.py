# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import os
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..engine.sync import pull
from ..messaging.errors import MessageError
from ..messaging.files.folder import Folder
from .batch_case import BatchCase
from .sftp_server import PASSWORD, USER, Server

BASE = "healthcare_integration_base"


@tagged("post_install", "-at_install")
class TestSyncPull(BatchCase):
    """Files of a real folder become messages, each row once, whatever happens."""

    def test_csv_rows_become_messages(self):
        self.put("a.csv", self.notes(3))
        run = self.sync(self.make_job())
        self.assertEqual((run.state, run.accepted_count, run.row_count), ("done", 3, 3))
        self.assertEqual(
            self.messages().mapped("business_key"), [f"NORTH|N-{n}" for n in (1, 2, 3)]
        )
        self.assertEqual(self.messages().mapped("source"), ["urn:hc:batch:partner:notes"] * 3)
        self.assertEqual(run.line_ids.mapped("state"), ["accepted"] * 3)
        self.assertEqual(run.line_ids.message_id, self.messages())
        self.assertFalse(any(run.line_ids.mapped("staged")))
        [kept] = self.tree()
        self.assertRegex(kept, rf"^done/\d{{8}}T\d{{6}}-{run.id}-a\.csv$")
        self.assertEqual(run.progress, 100)

    def test_same_file_again_has_no_second_effect(self):
        job = self.make_job()
        self.put("a.csv", self.notes(3))
        self.sync(job)
        self.put("a.csv", self.notes(3))
        run = self.sync(job)
        self.assertEqual((run.state, run.accepted_count, run.duplicate_count), ("done", 0, 3))
        self.assertEqual(len(self.messages()), 3)
        self.assertEqual(len(self.tree()), 2)  # the one did not replace the other

    def test_columns_and_character_set(self):
        self.put("a.csv", "Nr;Wert\nÄ-1;2\n", encoding="windows-1252")
        job = self.make_job(
            delimiter="semicolon",
            charset="windows-1252",
            column_ids=[
                (0, 0, {"name": "Nr", "pointer": "/number", "required": True}),
                (0, 0, {"name": "Wert", "pointer": "/value"}),
                (0, 0, {"name": "Haus", "pointer": "/facility", "default": "NORTH"}),
            ],
        )
        run = self.sync(job)
        self.assertEqual(run.state, "done", run.line_ids.mapped("detail"))
        self.assertEqual(
            self.messages().payload, {"facility": "NORTH", "number": "Ä-1", "value": "2"}
        )

    def test_column_of_no_field(self):
        with self.assertRaises(ValidationError):
            self.make_job(column_ids=[(0, 0, {"name": "x", "pointer": "/unheard"})])
        with self.assertRaises(ValidationError):
            self.make_job(column_ids=[(0, 0, {"name": "x", "pointer": "value"})])

    def test_bad_rows_are_reported_and_not_kept(self):
        canary = "CANARY-7731"
        self.put("a.csv", self.notes(2) + f"NORTH,N-9,{canary}\nSOUTH,,{canary}\n")
        with self.assertLogs("odoo", "DEBUG") as logs:
            run = self.sync(self.make_job())
        self.assertEqual((run.state, run.accepted_count, run.invalid_count), ("partial", 2, 2))
        bad = run.bad_line_ids
        self.assertEqual(bad.mapped("number"), [3, 4])
        self.assertEqual(bad.mapped("error_code"), ["contract_invalid"] * 2)
        self.assertIn("/value:", bad[0].detail)
        self.assertFalse(self.rows_with(canary))
        self.assertNotIn(canary, "\n".join(logs.output))

    def test_persons_are_minimized_before_they_are_staged(self):
        person = {"mrn": "CANARY-MRN-1", "name": "Canary Ophelia"}
        note = {"facility": "NORTH", "value": 1, "patient": person, "comment": "canary note"}
        self.put("a.ndjson", self.ndjson(note))
        job = self.make_job(file_format="ndjson", pattern="*.ndjson")
        with patch.dict(pull.FilePull.steps, {"applying": lambda *_: _closed()}):
            run = self.sync(job)
        self.assertEqual(run.state, "failed")
        self.assertTrue(run.line_ids.staged)
        self.assertFalse(self.rows_with("CANARY-MRN-1", "Canary Ophelia", "canary note"))
        run.action_retry()
        self.work()
        self.assertEqual(run.state, "done")
        self.assertTrue(self.messages().payload["patient"]["mrn"].startswith("hcp1_"))

    def test_all_or_nothing_with_an_invalid_row(self):
        self.put("a.csv", self.notes(2) + "NORTH,N-3,nonsense\n")
        run = self.sync(self.make_job(row_policy="all_or_nothing", max_rows=100))
        self.assertEqual((run.state, run.error_code), ("refused", "rows_invalid"))
        self.assertFalse(self.messages())
        self.assertEqual(run.line_ids.mapped("state"), ["cancelled", "cancelled", "invalid"])
        self.assertFalse(any(run.line_ids.mapped("staged")))
        self.assertRegex(self.tree()[0], r"^refused/")
        issue = self.env["hc.issue"].search([("error_code", "=", "rows_invalid")])
        self.assertEqual((issue.channel_id, issue.subject), (self.channel, "notes"))

    def test_all_or_nothing_with_a_conflict(self):
        job = self.make_job(
            row_policy="all_or_nothing",
            max_rows=100,
            identity="fields",
            identity_fields="/number",
        )
        self.put("a.csv", self.notes(2))
        self.assertEqual(self.sync(job).state, "done")
        self.put("b.csv", "facility,number,value\nNORTH,N-3,3\nNORTH,N-2,99\n")
        run = self.sync(job)
        self.assertEqual((run.state, run.error_code), ("refused", "id_reused"))
        self.assertEqual(run.line_ids.mapped("state"), ["cancelled", "conflict"])
        self.assertEqual(len(self.messages()), 2)

    def test_conflict_spoils_no_other_row(self):
        job = self.make_job(identity="fields", identity_fields="/number")
        self.put("a.csv", self.notes(2))
        self.sync(job)
        self.put("b.csv", "facility,number,value\nNORTH,N-1,1\nNORTH,N-2,99\nNORTH,N-3,3\n")
        run = self.sync(job)
        self.assertEqual(run.state, "partial")
        self.assertEqual(run.line_ids.mapped("state"), ["duplicate", "conflict", "accepted"])

    def test_same_row_twice_in_a_file(self):
        self.put("a.csv", "facility,number,value\nNORTH,N-1,1\nNORTH,N-1,1\n")
        run = self.sync(self.make_job(identity="fields", identity_fields="/number"))
        self.assertEqual(run.line_ids.mapped("state"), ["accepted", "duplicate"])

    def test_cloudevents_of_a_file_and_of_the_wire_are_the_same(self):
        self.channel.allow_live = True
        event = {
            "specversion": "1.0",
            "id": "E-1",
            "source": self.source,
            "type": self.kind.name,
            "data": {"facility": "NORTH", "value": 1},
        }
        self.send(self.channel, self.event(event["data"], self.kind.name, id="E-1"))
        self.put("a.json", f"[{self.ndjson(event)}]")
        run = self.sync(self.make_job(file_format="json", rows_are="events", pattern="*.json"))
        self.assertEqual((run.state, run.duplicate_count), ("done", 1))

    def test_files_that_are_no_good(self):
        cases = [
            ("x.csv", b'facility,value\n"NORTH,1\n', "file_malformed"),
            ("x.csv", b"unheard,of\n1,2\n", "file_header_invalid"),
            ("x.csv", b"facility,value\n\xff,1\n", "encoding_invalid"),
            ("x.csv", self.notes(11).encode(), "file_too_many_rows"),
            ("x.csv", b"facility,value\n" + b"x" * 1_100_000, "file_too_large"),
        ]
        column = {"name": "facility", "pointer": "/facility", "required": True}
        job = self.make_job(max_rows=10, max_megabytes=1, column_ids=[(0, 0, column)])
        for name, raw, code in cases:
            with self.subTest(code):
                self.put(name, raw)
                run = self.sync(job)
                self.assertEqual((run.state, run.error_code), ("refused", code))
                self.assertFalse(self.messages())
                self.assertFalse((self.folder / name).exists())

    def test_several_files_have_runs_of_their_own(self):
        for number in range(3):
            self.put(f"{number}.csv", self.notes(2, start=10 * number))
        (self.folder / "4.csv.part").write_text(self.notes(1, start=90))
        job = self.make_job()
        self.sync(job)
        self.assertEqual(job.run_ids.mapped("file_name"), ["2.csv", "1.csv", "0.csv"])
        self.assertEqual(len(self.messages()), 6)
        self.assertIn("4.csv.part", self.tree())

    def test_file_that_is_still_written_is_left(self):
        path = self.put("a.csv", self.notes(2))
        grow = lambda _seconds: path.write_text(self.notes(3))  # noqa: E731
        with patch.object(pull.time, "sleep", side_effect=grow):
            self.assertFalse(self.sync(self.make_job()))
        self.assertFalse(self.messages())
        self.assertEqual(self.tree(), ["a.csv"])

    def test_files_that_are_left_are_remembered(self):
        job = self.make_job(after_success="keep")
        self.put("a.csv", self.notes(2))
        first = self.sync(job)
        self.assertEqual(self.sync(job), first)
        self.put("a.csv", self.notes(4))
        self.assertEqual(self.sync(job).accepted_count, 4)
        self.assertEqual(self.tree(), ["a.csv"])

    def test_delete(self):
        self.put("a.csv", self.notes(1))
        self.assertEqual(self.sync(self.make_job(after_success="delete")).state, "done")
        self.assertEqual(self.tree(), [])

    def test_file_that_was_replaced_while_it_was_applied_is_taken_next(self):
        path = self.put("a.csv", self.notes(2))
        job, real = self.make_job(), pull.FilePull.finish

        def replaced(worker, run):
            if "N-7" not in path.read_text():
                path.write_text(self.notes(2, start=7))
            real(worker, run)

        with patch.dict(pull.FilePull.steps, {"finishing": replaced}):
            self.sync(job)
        self.assertEqual(job.run_ids.mapped("accepted_count"), [2, 2])
        self.assertEqual(len(self.messages()), 4)

    # ------------------------------------------------------------------ crashes

    def test_lost_worker_while_reading(self):
        self.put("a.csv", self.notes(25))
        job, real = self.make_job(), pull.staging.row

        def lost(number, *rest):
            if number == 18:
                raise _Lost
            return real(number, *rest)

        with patch.object(pull, "CHUNK", 5):
            with patch.object(pull.staging, "row", side_effect=lost):
                self.lose(job)
            run = self.again(job)
            self.assertEqual((run.state, run.staged_count), ("staging", 15))
            self.assertTrue(run.is_busy)
            self.work()
        self.assertEqual((run.state, run.accepted_count, run.staged_count), ("done", 25, 25))
        self.assertEqual(run.line_ids.mapped("number"), list(range(1, 26)))

    def test_lost_worker_while_applying(self):
        self.put("a.csv", self.notes(25))
        job, real = self.make_job(), pull.RunLedger._beside

        def lost(ledger, cr, groups):
            real(ledger, cr, groups)
            if ledger.book.look()["accepted_count"] > 12:
                raise _Lost

        with patch.object(pull, "CHUNK", 5):
            with patch.object(pull.RunLedger, "_beside", lost):
                self.lose(job)
            run = self.again(job)
            self.assertEqual((run.state, run.accepted_count), ("applying", 10))
            self.assertEqual(len(self.messages()), 10)
            self.work()
        self.assertEqual((run.state, run.accepted_count, run.duplicate_count), ("done", 25, 0))
        self.assertEqual(len(self.messages()), 25)

    def test_file_that_changed_between_two_workers_is_read_anew(self):
        self.put("a.csv", self.notes(25))
        job, real = self.make_job(), pull.staging.row

        def lost(number, *rest):
            if number == 18:
                raise _Lost
            return real(number, *rest)

        with patch.object(pull, "CHUNK", 5):
            with patch.object(pull.staging, "row", side_effect=lost):
                self.lose(job)
            self.put("a.csv", self.notes(4, start=100))
            self.work()
        run = self.again(job)
        self.assertEqual((run.state, run.accepted_count, len(run.line_ids)), ("done", 4, 4))

    def lose(self, job):
        """Run the job until its worker is gone; assertRaises would take back what it did."""
        try:
            self.sync(job)
        except _Lost:
            return
        self.fail("the worker was not lost")

    def again(self, job):
        self.env.invalidate_all()
        return job.run_ids.filtered("file_name").sorted("id", reverse=True)[:1]

    def test_run_that_kills_its_workers_is_left(self):
        self.put("a.csv", self.notes(2))
        job = self.make_job()
        with patch.dict(pull.FilePull.steps, {"staging": lambda *_: _lose()}):
            for _attempt in range(5):
                self.lose(job)
            self.work()
        run = self.again(job)
        self.assertEqual((run.state, run.error_code), ("failed", "worker_killed"))
        run.action_retry()
        self.work()
        self.assertEqual(run.state, "done")

    def test_store_that_is_away_is_tried_again(self):
        self.put("a.csv", self.notes(2))
        job = self.make_job()
        with patch.object(Folder, "fetch", side_effect=OSError(5, "I/O error")):
            run = self.sync(job)
        self.assertEqual((run.state, run.error_code), ("staging", "store_unreachable"))
        self.assertTrue(run.next_try_at)
        self.work()
        self.assertEqual(run.state, "staging")  # its time has not come
        run.sudo().next_try_at = "2020-01-01"
        self.work()
        self.assertEqual((run.state, run.accepted_count), ("done", 2))

    @mute_logger("odoo.addons.healthcare_integration_base.engine.sync.worker")
    def test_error_of_ours_says_nothing_of_the_file(self):
        self.put("a.csv", self.notes(2))
        with patch.object(pull.rows, "read_csv", side_effect=KeyError("N-1")):
            run = self.sync(self.make_job())
        self.assertEqual((run.state, run.error_code), ("staging", "internal_error"))

    def test_folder_that_may_not_be_read(self):
        job = self.make_job()
        with patch.object(Folder, "listing", side_effect=PermissionError(13, "denied")):
            job.action_run_now()
            self.work()
        self.assertEqual((job.run_ids.state, job.run_ids.error_code), ("failed", "store_denied"))

    # ------------------------------------------------------------ people, catalog

    def test_cancel_while_applying(self):
        self.put("a.csv", self.notes(25))
        job, real = self.make_job(), pull.RunLedger._beside

        def cancelled(ledger, cr, groups):
            real(ledger, cr, groups)
            cr.execute("UPDATE hc_sync_run SET cancel_requested = true")

        with patch.object(pull, "CHUNK", 5), patch.object(pull.RunLedger, "_beside", cancelled):
            run = self.sync(job)
        self.assertEqual((run.state, run.accepted_count), ("cancelled", 5))
        self.assertEqual(run.line_ids.mapped("state").count("cancelled"), 20)
        self.assertFalse(any(run.line_ids.mapped("staged")))
        self.assertEqual(self.tree(), ["a.csv"])
        run = self.sync(job)
        self.assertEqual((run.state, run.accepted_count, run.duplicate_count), ("done", 20, 5))

    def test_channel_that_is_paused_meanwhile(self):
        self.put("a.csv", self.notes(2))
        job = self.make_job()
        job.action_run_now()
        self.channel.action_pause()
        self.work()
        self.assertEqual((job.run_ids.state, job.run_ids.error_code), ("failed", "channel_closed"))
        with self.assertRaises(UserError):
            job.action_run_now()

    def test_sync_mode_decides(self):
        live = self.make_channel(self.system, self.kind, code="live", sync_mode="real_time")
        with self.assertRaises(ValidationError):
            self.make_job(live)
        self.make_job()
        with self.assertRaises(ValidationError):
            self.channel.sync_mode = "real_time"
        self.assertTrue(self.wire_channel(self.channel).batch_only)
        self.channel.allow_live = True
        self.assertFalse(self.wire_channel(self.channel).batch_only)

    def test_due_jobs_start_by_themselves_and_leave_nothing_where_nothing_is(self):
        job = self.make_job(schedule="interval", interval_minutes=5)
        job.sudo().next_run_at = "2020-01-01"
        self.work()
        self.assertFalse(job.run_ids)
        self.assertGreater(job.next_run_at, self.env.cr.now())
        self.put("a.csv", self.notes(2))
        job.sudo().next_run_at = "2020-01-01"
        self.work()
        self.assertEqual(job.run_ids.mapped("state"), ["done"])
        self.assertEqual(job.run_ids.trigger, "schedule")

    def test_rights(self):
        viewer = new_test_user(self.env, "b.viewer", f"{BASE}.group_integration_viewer")
        operator = new_test_user(self.env, "b.operator", f"{BASE}.group_integration_operator")
        manager = new_test_user(self.env, "b.manager", f"{BASE}.group_integration_manager")
        self.put("a.csv", self.notes(2) + "NORTH,N-3,x\n")
        job = self.make_job()
        with self.assertRaises(AccessError):
            job.with_user(viewer).action_run_now()
        with self.assertRaises(AccessError):
            job.with_user(operator).name = "Mine"
        job.with_user(operator).action_run_now()
        self.work()
        run = job.run_ids.filtered("file_name")
        self.assertEqual((run.state, run.requested_by_id), ("partial", operator))
        self.assertEqual(run.with_user(viewer).bad_line_ids.number, 3)
        with self.assertRaises(AccessError):
            run.with_user(viewer).line_ids.mapped("staged")
        for method in ("action_report", "action_retry", "action_cancel"):
            with self.assertRaises(AccessError):
                getattr(run.with_user(viewer), method)()
        with self.assertRaises(AccessError):
            run.with_user(manager).state = "done"
        with self.assertRaises(AccessError):
            job.with_user(manager).next_run_at = "2020-01-01"
        job.with_user(manager).name = "Renamed"
        actions = self.env["hc.audit.event"].search([("object", "=", run.uuid)]).mapped("action")
        self.assertEqual(set(actions), {"sync.requested", "sync.finished"})

    def test_report(self):
        operator = new_test_user(self.env, "b.reporter", f"{BASE}.group_integration_operator")
        self.put("a.csv", self.notes(1) + "NORTH,N-3,x\n")
        run = self.sync(self.make_job()).with_user(operator)
        url = run.action_report()["url"]
        attachment = self.env["ir.attachment"].browse(int(url.split("/")[3].split("?")[0]))
        text = attachment.with_user(operator).raw.decode("utf-8-sig")
        self.assertIn(self.messages().uuid, text)
        self.assertIn("2,Invalid,contract_invalid,", text)

    # -------------------------------------------------------------------- stores

    def test_folder_outside_of_the_roots(self):
        with self.assertRaises(ValidationError):
            self.make_store(path=f"{self.root}/../etc")
        for path in ("/etc", str(self.root.parent), "in"):
            with self.subTest(path):
                store = self.make_store(path=path)
                self.assertTrue(store.problem)
                with self.assertRaises(UserError):
                    store.action_test()
        self.assertFalse(self.store_record.problem)
        with patch.dict(os.environ, {"HC_FILE_ROOTS": ""}), self.assertRaises(UserError):
            self.store_record.action_test()

    def test_sftp_server(self):
        with Server(self.root) as server:
            self.store_record = self.make_store(
                kind="sftp",
                path="/in",
                host="127.0.0.1",
                port=server.port,
                login=USER,
                password=PASSWORD,
                host_keys=server.host_line,
                allow_private=True,
            )
            self.assertFalse(self.store_record.password)
            self.assertTrue(self.store_record.has_password)
            self.assertFalse(self.rows_with(PASSWORD))
            self.assertEqual(self.store_record.action_test()["params"]["type"], "success")
            self.put("a.csv", self.notes(3))
            run = self.sync(self.make_job())
            self.assertEqual((run.state, run.accepted_count), ("done", 3))
            self.assertRegex(self.tree()[0], r"^done/")
            self.check_secret_stays(server)

    def check_secret_stays(self, server):
        """Nobody has the password sent to another server, or reads it."""
        manager = new_test_user(self.env, "b.keeper", f"{BASE}.group_integration_manager")
        store = self.store_record.with_user(manager)
        with self.assertRaises(AccessError):
            store.read(["password_sealed"])
        with self.assertRaises(AccessError):
            store.write({"password_sealed": "x"})
        store.host = "localhost"
        self.assertFalse(store.has_password)
        with self.assertRaises(UserError):
            store.action_test()

    def test_sftp_server_needs_a_known_host_key(self):
        for host_keys in (False, "nonsense"):
            with self.subTest(host_keys), self.assertRaises(ValidationError):
                self.make_store(kind="sftp", host="h", login="u", host_keys=host_keys)


class _Lost(BaseException):
    """The worker is gone: nothing of it runs any more."""


def _lose():
    raise _Lost


def _closed():
    raise MessageError("channel_closed")
