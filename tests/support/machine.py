"""Odoo as `make demo` starts it, on a port, a database and in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg2
import requests
from hcdev import common, config, odoo_root, serve, venv
from hcdev.common import VENV
from hcdev.postgres import Server

READY_WITHIN = 120
GONE_WITHIN = 30
# All of 127.0.0.0/8 is this machine: tests come from 127.0.0.1, and only who comes from here is
# taken for the proxy.
PROXY_ADDRESS = "127.0.0.2"


class Machine:
    """Two Odoo processes under a supervisor."""

    def __init__(
        self,
        folder: Path,
        server: Server,
        database: str,
        *,
        addons: Sequence[Path] = (),
        options: dict[str, object] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.server = server
        self.database = database
        self.port = config.free_port()
        self.evented_port = config.free_port()
        self.conf = folder / "odoo.conf"
        self.log = folder / "odoo.log"
        self.supervisor = folder / "supervisord.conf"
        self.variables = dict(variables or {})
        folder.mkdir(parents=True, exist_ok=True)
        config.write_private(self.conf, config.render(self._options(addons, options or {})))
        config.write_private(self.supervisor, self._supervisor_text())

    @property
    def base_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def _options(self, addons: Sequence[Path], more: dict[str, object]) -> dict[str, object]:
        options = config.common_options(odoo_root.ensure(), self.server, self.folder / "data")
        options["addons_path"] = ",".join([str(options["addons_path"]), *map(str, addons)])
        return (
            options
            | {
                "db_name": self.database,
                "db_maxconn": 16,
                "db_maxconn_gevent": 8,
                "http_interface": "127.0.0.1",
                "http_port": self.port,
                "gevent_port": self.evented_port,
                "limit_time_cpu": 300,
                "limit_time_real": 300,
                "limit_time_real_cron": 900,
                "logfile": self.log,
                "log_level": "info",
            }
            | more
        )

    def _supervisor_text(self) -> str:
        names: dict[str, object] = {
            "pid": self.folder / "supervisord.pid",
            "logs": self.folder,
            "odoo": venv.ODOO,
            "conf": self.conf,
            "user": pwd.getpwuid(os.geteuid()).pw_name,
            "http_pg": serve.HTTP_PG_OPTIONS,
        }
        program = serve.PROGRAM.format(work=self.folder, logs=self.folder)
        return serve.SUPERVISOR.format(program=program, **names)

    # ---------------------------------------------------------------- life

    def environment(self) -> dict[str, str]:
        """What its processes are started with."""
        own = {"HC_FILE_ROOTS": str(self.folder / "exchange"), "HC_TRUSTED_PROXIES": PROXY_ADDRESS}
        return config.environment(self.server) | own | self.variables

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [VENV / "bin/supervisord", "-c", self.supervisor]
        common.run(command, "starting the supervisor", env=self.environment(), cwd=self.folder)
        self.wait_ready()

    def wait_ready(self, within: float = READY_WITHIN) -> None:
        """Wait until the suite says that it is ready."""
        deadline = time.monotonic() + within
        while self.health() != 200:
            if time.monotonic() > deadline:
                raise AssertionError(f"no answer at {self.base_url}: see {self.log}")
            time.sleep(0.1)

    def health(self) -> int | None:
        """The status of the health page; none where nobody answers."""
        try:
            return requests.get(f"{self.base_url}/hc/health", timeout=10).status_code
        except requests.RequestException:
            return None

    def stop(self) -> None:
        """End it in order."""
        serve.end(serve.processes(self.supervisor), 60)
        serve.end(serve.processes(self.conf), 20)

    def kill(self, *, supervisor: bool) -> None:
        """``kill -9`` of every Odoo process, with or without their supervisor.

        The supervisor goes first where it goes, or it would start what is killed next.
        """
        victims = serve.processes(self.supervisor) if supervisor else []
        self.kill_these([*victims, *serve.processes(self.conf)])
        if supervisor:
            self._wait_gone()

    def kill_these(self, pids: Sequence[int]) -> None:
        """``kill -9``, whoever of them still lives."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _wait_gone(self) -> None:
        """Workers that a dying master had just made are killed as well."""
        deadline = time.monotonic() + GONE_WITHIN
        while left := serve.processes(self.conf):
            self.kill_these(left)
            assert time.monotonic() < deadline, "killed processes are still there"
            time.sleep(0.05)

    # ------------------------------------------------------------ database

    def connect(self, *, superuser: bool = False, database: str | None = None) -> Any:
        """A database connection that commits by itself."""
        connection = psycopg2.connect(
            host=self.server.host or None,
            port=self.server.port or None,
            user=(self.server.superuser if superuser else None) or self.server.user,
            dbname=database or self.database,
        )
        connection.autocommit = True
        return connection

    def sql(self, query: str, *values: Any, superuser: bool = False) -> list[tuple[Any, ...]]:
        """Rows of one statement."""
        connection = self.connect(superuser=superuser)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values or None)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def nudge(self) -> None:
        """Have cron workers look for work now, which they do once a minute by themselves."""
        connection = self.connect(database="postgres")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('cron_trigger', %s)", [self.database])
        connection.close()

    def wake_lanes(self) -> None:
        """Have every lane look now for what is due again, which it does once a minute."""
        self.sql(
            "INSERT INTO ir_cron_trigger (cron_id, call_at)"
            " SELECT id, now() AT TIME ZONE 'UTC' FROM ir_cron WHERE hc_lane_id IS NOT NULL"
        )
        self.nudge()

    def shell(self, code: str, what: str = "Odoo's shell") -> str:
        """Run a few lines in Odoo's shell; what they print is returned."""
        command = [venv.ODOO, "shell", "-c", self.conf, "-d", self.database, "--no-http"]
        command.append(f"--logfile={self.folder / 'shell.log'}")
        return common.run(command, what, env=self.environment(), stdin=code)

    def odoo(self, *options: str) -> None:
        """Run Odoo once, to install or to update."""
        command = [venv.ODOO, "server", "-c", self.conf, "-d", self.database, "--no-http"]
        log = self.folder / "setup.log"
        command += ["--stop-after-init", f"--logfile={log}", *options]
        common.run(command, "setting up the database", env=self.environment())

    def workers(self) -> list[int]:
        """The processes that answer HTTP: children of the HTTP master."""
        return self._children("--max-cron-threads=0")

    def cron_workers(self) -> list[int]:
        """The processes that handle messages: children of the cron master."""
        return self._children("--no-http")

    def _children(self, option: str) -> list[int]:
        """Workers, without their master and the evented one, of what runs with an option."""
        masters = [pid for pid in serve.processes(self.conf) if option in serve.arguments(pid)]
        listed = subprocess.run(
            ["ps", "-o", "pid=,ppid=,args=", "-p", ",".join(map(str, masters)) or "0"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.splitlines()
        rows = [line.split(None, 2) for line in listed]
        parents = {int(row[0]): int(row[1]) for row in rows}
        gevent = {int(row[0]) for row in rows if " gevent" in row[2]}
        return [pid for pid in masters if parents.get(pid) in masters and pid not in gevent]
