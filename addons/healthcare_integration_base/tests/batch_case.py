# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from .common import EngineCase


class BatchCase(EngineCase):
    """A partner's folder, a channel of scheduled files, and the action that runs jobs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind = cls.env["hc.message.type"].search([("name", "=", "test.noted.v1")])
        cls.kind = cls.kind or cls.make_noted()
        cls.system = cls.make_system("partner")
        cls.channel = cls.make_channel(
            cls.system, cls.kind, code="notes", sync_mode="scheduled_batch"
        )

    def setUp(self):
        super().setUp()
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        roots = patch.dict(os.environ, {"HC_FILE_ROOTS": str(self.root)})
        roots.start()
        self.addCleanup(roots.stop)
        self.folder = self.root / "in"
        self.folder.mkdir()
        self.store_record = self.make_store()

    def make_store(self, **values):
        folder = {"name": "Folder", "kind": "folder", "path": str(self.folder)}
        return self.env["hc.file.store"].create({**folder, **values})

    def make_job(self, channel=None, **values):
        return self.env["hc.sync.job"].create(
            {
                "name": "Job",
                "channel_id": (channel or self.channel).id,
                "store_id": self.store_record.id,
                "message_type_id": self.kind.id,
                "schedule": "manual",
                "settle_seconds": 0,
                **values,
            }
        )

    def put(self, name, text, **encoding):
        """A complete file of the partner, some seconds old."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(**encoding))
        os.utime(path, (1_764_000_000, 1_764_000_000))
        return path

    def notes(self, count, start=1):
        """CSV of valid rows."""
        rows = "".join(f"NORTH,N-{n},{n}\n" for n in range(start, start + count))
        return f"facility,number,value\n{rows}"

    def ndjson(self, *objects):
        return "".join(f"{json.dumps(one)}\n" for one in objects)

    def sync(self, job, until_rest=True):
        """Run the job as the scheduled action would; its newest run that took a file."""
        if not job.run_ids.filtered(lambda run: run.state in ("queued", "staging", "applying")):
            job.action_run_now()
        self.work(until_rest)
        return job.run_ids.filtered("file_name").sorted("id", reverse=True)[:1]

    def work(self, until_rest=True):
        """The scheduled action, in transactions of its own within the test."""
        self.env.flush_all()
        more = True
        while more:
            with self.enter_registry_test_mode(), self.registry.cursor() as cr:
                more = self.env(cr=cr)["hc.sync.job"]._sync() and until_rest
        self.env.invalidate_all()

    def messages(self):
        return self.env["hc.message"].search([("channel_id", "=", self.channel.id)], order="id")

    def tree(self):
        """All files of the folder."""
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file()
        )
