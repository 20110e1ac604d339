"""An audit log in a database of its own, without Odoo: appended to, sealed and exported."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
from hcdev import common, database
from hcdev.postgres import Server
from messaging.sealing import seeds
from messaging.sealing.check import Check
from messaging.sealing.export import Batch, ExportFile
from messaging.sealing.findings import Report
from messaging.sealing.note import Checkpoint
from messaging.sealing.sealer import BATCH, Sealer
from messaging.sealing.store import Store

KEY, NEW_KEY, STRANGE_KEY = (seeds.derived(bytes([n]) * 32) for n in (1, 2, 3))
SCHEMA = database.OWNER_SQL.with_name("audit_schema.sql")
SCRIPT = common.ADDONS / "healthcare_integration_base/static/audit/hc_verify.py"
APPEND = "SELECT hc_audit.append(%s::jsonb)"
ACTIONS = (
    "message.received",
    "message.retried",
    "config.changed",
    "payload.read",
    "trail.verified",
)


class Log:
    """A database with a protected trail, written to as Odoo's role."""

    def __init__(self, server: Server, name: str, folder: Path) -> None:
        self.server, self.name = server, name
        self.file = ExportFile(folder / f"{name}.ndjson")
        self.key, self.former = KEY, []
        self._writer: Any = None

    def create(self) -> None:
        """An empty trail, with an owner of its own."""
        self.close()
        self.psql("postgres", "-c", f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        self.psql("postgres", "-c", f'CREATE DATABASE "{self.name}" OWNER {self.server.user}')
        self.psql(self.name, "-f", str(SCHEMA), superuser=False)
        self.protect()

    def protect(self) -> None:
        """What the administrator runs."""
        self.psql(self.name, "-f", str(database.OWNER_SQL))

    def psql(self, name: str, *words: str, superuser: bool = True) -> str:
        """One run of psql."""
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", name, *words]
        env = self.server.env(superuser=superuser)
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def connect(self, *, superuser: bool = False) -> Any:
        """A connection in which a transaction reads one state, as Odoo's do."""
        env = self.server.env(superuser=superuser)
        made = psycopg2.connect(
            dbname=self.name, host=env["PGHOST"], port=env["PGPORT"], user=env["PGUSER"]
        )
        made.set_session(isolation_level="REPEATABLE READ")
        return made

    def close(self) -> None:
        """End the connection that is kept for appending."""
        if self._writer:
            self._writer.close()
            self._writer = None

    def append(self, *events: dict[str, Any], rolled_back: bool = False) -> None:
        """One transaction."""
        self._writer = self._writer or self.connect()
        try:
            with self._writer.cursor() as cursor:
                cursor.execute(APPEND, [json.dumps(events)])
            if not rolled_back:
                self._writer.commit()
        finally:
            self._writer.rollback()

    def seal(self, limit: int = BATCH) -> Checkpoint | None:
        """One checkpoint, committed."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                sealed = Sealer(Store(cursor), self.key, self.former).seal(limit)
            connection.commit()
            return sealed
        finally:
            connection.close()

    def export(self) -> None:
        """What is not in the file yet."""
        last = self.file.last_batch()
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                above = last.checkpoint.number if last else 0
                self.file.append(Store(cursor).batches(above, 1000))
        finally:
            connection.close()

    def batches(self) -> list[Batch]:
        """The lines of the file."""
        return [one for one in self.file.batches() if one]

    def verify(self, cursor: Any = None, file: ExportFile | None = None, **options: Any) -> Report:
        """As the button does, with the file unless it is told otherwise."""
        lines = options.pop("lines", (file or self.file).batches())
        trusted = [self.key.public, *(one.public for one in self.former)]
        if cursor is not None:
            return Check(Store(cursor), trusted, lines, **options).run()
        connection = self.connect()
        try:
            with connection.cursor() as own:
                return Check(Store(own), trusted, lines, **options).run()
        finally:
            connection.close()


def made_up(drawn: random.Random, count: int) -> list[dict[str, Any]]:
    """Events as the addons append them."""
    return [
        {
            "action": drawn.choice(ACTIONS),
            "outcome": drawn.choice(["done", "refused", None]),
            "user_id": drawn.randint(1, 50),
            "company_id": drawn.choice([1, 2, None]),
            "object": f"hc.message,{drawn.randint(1, 999)}",
            "correlation": f"c-{drawn.randint(1, 20)}",
            "digest": drawn.randbytes(8).hex(),
            "details": {"reason": f"because {drawn.random()}", "n": drawn.randint(0, 9)},
        }
        for _ in range(count)
    ]


def fill(log: Log, drawn: random.Random, checkpoints: int, events: int) -> Iterator[Checkpoint]:
    """Checkpoints over transactions of some events each; some are rolled back and leave gaps."""
    for _ in range(checkpoints):
        left = events
        while left > 0:
            count = min(left, drawn.randint(1, 4))
            log.append(*made_up(drawn, count))
            left -= count
            log.append(*made_up(drawn, drawn.randint(1, 2)), rolled_back=True)
        sealed = log.seal()
        assert sealed
        yield sealed
