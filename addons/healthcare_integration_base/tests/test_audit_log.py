# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import file_path, mute_logger

from ..engine import sealing
from ..messaging.sealing.export import ExportFile

BASE = "healthcare_integration_base"
SCRIPT = f"{BASE}/static/audit/hc_verify.py"
ORDERED = "Everything is as it was sealed."


@tagged("post_install", "-at_install")
class TestAuditLog(HttpCase):
    """Sealing, telling, verifying and handing out, as people and the scheduler do it.

    What was committed before a test is sealed in it. What the test itself appends waits,
    because its transaction never ends.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = new_test_user(cls.env, "hc.auditor", f"{BASE}.group_auditor")
        cls.manager = new_test_user(cls.env, "hc.manager", f"{BASE}.group_integration_manager")
        cls.viewer = new_test_user(cls.env, "hc.viewer", f"{BASE}.group_integration_viewer")
        cls.log = cls.env["hc.audit.log"]._sudo_log()
        cls.events = cls.env["hc.audit.event"]

    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(patch.dict(os.environ, {sealing.FOLDER: str(self.folder)}))
        # The scheduled action commits its steps; a test's transaction must not be.
        self.enterContext(patch.object(self.env.cr, "commit", self.env.flush_all))
        self.enterContext(patch.object(self.env.cr, "rollback", self.env.flush_all))
        self.log._seal_all()
        self.assertFalse(self.log.seal_error)
        self.env.invalidate_all()
        self.head = self.env["hc.audit.checkpoint"].search([], limit=1)

    def as_user(self, user):
        return self.log.with_user(user)

    # -------------------------------------------------------------------- trail

    def test_new_keys_are_columns(self):
        self.events._append(
            [
                {
                    "action": "test.changed",
                    "reason": "why",
                    "contract": "a.b.v1",
                    "before": "11",
                    "after": "22",
                    "n": 1,
                }
            ]
        )
        event = self.events.search([("reason", "=", "why")])
        self.assertEqual(event.contract, "a.b.v1")
        self.assertEqual((event.before_digest, event.after_digest), ("11", "22"))
        self.assertEqual(event.details, {"n": 1})
        self.assertFalse(event.is_sealed)

    def test_state_of_the_schema(self):
        state = self.events._schema_state()
        self.assertEqual(state["version"], state["expected"])
        self.assertTrue(state["separate"])
        self.assertEqual(state["weaker"], [])
        self.assertIn("owner of its own", self.log.protection)

    # ------------------------------------------------------------------ sealing

    def test_sealed_and_shown(self):
        self.assertTrue(self.head)
        self.assertEqual(self.log.checkpoint_count, self.head.number)
        self.assertEqual(self.log.event_count, self.head.tree_size)
        self.assertEqual(self.head.key, self.log.key)
        self.assertEqual(self.log.state, "sound")
        found = self.events.search(self.head.action_open_events()["domain"])
        self.assertEqual(len(found), self.head.event_count)
        self.assertEqual(min(found.ids), self.head.first_event)
        self.assertTrue(all(found.mapped("is_sealed")))

    def test_told_to_a_file(self):
        self.log._export()
        self.assertFalse(self.log.export_error)
        file = sealing.target_of(self.env).file
        self.assertEqual(file.last_batch().signed.note, self.head.note)
        self.assertEqual(self.log.exported_number, self.head.number)
        self.assertTrue(self.head.is_exported)
        [key] = self.folder.glob("*.pem")
        self.assertIn("PUBLIC KEY", key.read_text())

    def test_told_to_a_system_log(self):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "log"))
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
                listener.settimeout(30)
                listener.bind(path)
                with patch.dict(os.environ, {sealing.SYSLOG: f"unix:{path}"}):
                    self.log._export()
                self.assertIn(b"checkpoint - healthcare-integration", listener.recv(65536))
        self.assertEqual(self.log.logged_number, self.head.number)

    @mute_logger(f"odoo.addons.{BASE}.models.hc_audit_log")
    def test_failing_export_calls_somebody_and_is_made_up(self):
        missing = str(self.folder / "missing")
        with patch.dict(os.environ, {sealing.FOLDER: missing}):
            for _time in range(2):
                self.log._export()
            self.assertIn("FileNotFoundError", self.log.export_error)
            self.assertEqual(self.log.state, "failing")
            self.assertEqual(len(self.log.activity_ids), 1)
            self.assertEqual(self.log.activity_ids.user_id, self.log.user_id)
            Path(missing).mkdir()
            self.log._export()
        self.assertFalse(self.log.export_error)
        self.assertFalse(self.log.activity_ids)
        self.assertEqual(self.log.exported_number, self.head.number)

    @mute_logger(f"odoo.addons.{BASE}.models.hc_audit_log")
    def test_file_of_another_history(self):
        """The database was restored: nothing is written until somebody has said so."""
        self.log._export()
        file = sealing.target_of(self.env).file
        before = file.path.read_bytes()
        self.env["ir.config_parameter"].set_param("database.is_neutralized", False)
        with patch.object(sealing, "_note", lambda store, number: "another"):
            self.log._export()
        self.assertEqual(self.log.export_error, "AheadError")
        self.assertEqual(file.path.read_bytes(), before)
        kept = self.log._accept_restore("INC-1, disk failure")
        self.assertEqual((self.folder / kept).read_bytes(), before)
        self.log._export()
        self.assertFalse(self.log.export_error)
        self.assertEqual(file.last_batch().checkpoint.number, self.head.number)
        told = self.events.search([("action", "=", "trail.restore.accepted")], limit=1)
        self.assertEqual(told.reason, "INC-1, disk failure")

    def test_neutralized_copy_is_silent(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        with patch.object(sealing, "seal") as seal:
            self.env["hc.audit.log"]._cron_seal()
        seal.assert_not_called()
        self.assertFalse(sealing.target_of(self.env))

    @mute_logger(f"odoo.addons.{BASE}.models.hc_audit_log")
    def test_no_key_no_seal(self):
        with patch.dict(os.environ, {"HC_AUDIT_KEY_FILE": str(self.folder / "none")}):
            self.log._seal_all()
            self.assertIn("UserError", self.log.seal_error)
            self.log.invalidate_recordset()
            self.assertFalse(self.log.key)
        self.log._seal_all()
        self.assertFalse(self.log.seal_error)

    # ------------------------------------------------------------- verification

    def test_verified_by_an_auditor(self):
        self.log._export()
        log = self.as_user(self.auditor)
        log.action_verify()
        self.assertFalse(log.is_tampered)
        self.assertIn(ORDERED, log.report)
        self.assertEqual(log.verified_by_id, self.auditor)
        event = self.events.search([("action", "=", "trail.verified")], limit=1)
        self.assertEqual((event.user_id, event.outcome), (self.auditor, "sound"))

    def test_found(self):
        """A line of the file is changed: the first event of its checkpoint is named."""
        self.log._export()
        file = sealing.target_of(self.env).file
        file.path.write_bytes(file.path.read_bytes().replace(b"time 2", b"time 3", 1))
        log = self.as_user(self.manager)
        log.action_verify()
        self.assertTrue(log.is_tampered)
        self.assertEqual(log.state, "tampered")
        self.assertIn("export_changed (event 1, checkpoint 1)", log.report)
        self.assertEqual(log.sudo().activity_ids.user_id, log.user_id)
        self.assertIn("verify-found", log.action_open_runbook()["url"])

    def test_viewer_sees_nothing_of_it(self):
        for call in (
            lambda: self.as_user(self.viewer).action_verify(),
            lambda: self.as_user(self.viewer).read(["state"]),
            lambda: self.head.with_user(self.viewer).read(["note"]),
            lambda: self.env["hc.audit.bundle"].with_user(self.viewer).create({}),
            lambda: self.events.browse(1).with_user(self.viewer).action_proof(),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_auditor_changes_nothing(self):
        for call in (
            lambda: self.as_user(self.auditor).write({"keep_days": 3000}),
            lambda: self.as_user(self.auditor).action_seal(),
            lambda: self.head.with_user(self.auditor).write({"note": "x"}),
            lambda: self.head.with_user(self.auditor).unlink(),
        ):
            with self.assertRaises(AccessError):
                call()

    # ---------------------------------------------------------------- handed out

    def run_script(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        command = [sys.executable, "-I", file_path(SCRIPT), str(path), "--key", self.log.key]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_bundle(self):
        wizard = self.env["hc.audit.bundle"].with_user(self.auditor).create({})
        wizard.date_until = fields.Datetime.add(fields.Datetime.now(), days=1)
        self.assertEqual(wizard.event_count, self.head.tree_size)
        self.authenticate("hc.auditor", "hc.auditor")
        answer = self.url_open(wizard.action_download()["url"])
        self.assertEqual(answer.status_code, 200)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
            self.assertIn("hc_verify.py", bundle.namelist())
            self.assertIn(self.log.key, bundle.read("README.txt").decode())
        done = self.run_script("bundle.zip", answer.content)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        told = self.events.search([("action", "=", "trail.bundle.exported")], limit=1)
        self.assertEqual(told.user_id, self.auditor)

    def test_proof(self):
        event = self.events.browse(self.head.first_event).with_user(self.auditor)
        self.authenticate("hc.auditor", "hc.auditor")
        answer = self.url_open(event.action_proof()["url"])
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json()["leaves"][0]["id"], event.id)
        self.assertEqual(self.run_script("proof.json", answer.content).returncode, 0)
        changed = json.loads(answer.content)
        changed["leaves"][0]["event"]["action"] = "other"
        done = self.run_script("changed.json", json.dumps(changed).encode())
        self.assertEqual(done.returncode, 1)

    def test_what_is_not_sealed_has_no_proof(self):
        self.events._append([{"action": "test.noted"}])
        event = self.events.search([], limit=1)
        with self.assertRaises(UserError):
            event.with_user(self.auditor).action_proof()

    @mute_logger("odoo.http")
    def test_downloads_are_refused(self):
        self.authenticate("hc.viewer", "hc.viewer")
        for path in ("proof/1", "bundle?first=1&last=2", "bundle?first=x&last=2"):
            answer = self.url_open(f"/healthcare_integration/audit/{path}")
            self.assertIn(answer.status_code, (403, 422), path)
            self.assertNotIn(b"leaves", answer.content)

    # ------------------------------------------------------------------ retention

    def test_retention_has_a_minimum(self):
        log = self.as_user(self.manager)
        self.assertEqual(log.minimum_days, 2190)
        with self.assertRaises(ValidationError):
            log.keep_days = 2189
        log.keep_days = 3000
        told = self.events.search([("action", "=", "trail.retention.changed")], limit=1)
        self.assertEqual(told.details, {"days": 3000, "days_before": 0})
        self.assertEqual(told.user_id, self.manager)

    def test_nothing_young_is_pruned(self):
        self.log.keep_days = 2190
        before = self.events.search_count([])
        self.assertIsNone(self.log._prune_page(0))
        self.assertEqual(self.events.search_count([]), before)

    def test_file_is_read_by_any_tool(self):
        self.log._export()
        path = sealing.target_of(self.env).file.path
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual([line["number"] for line in lines], list(range(1, self.head.number + 1)))
        self.assertEqual(ExportFile(path).last_batch().checkpoint.size, self.head.tree_size)
