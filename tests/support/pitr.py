"""A PostgreSQL that archives its WAL, a base backup of it, and its restore to a moment."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from hcdev import postgres
from hcdev.common import run
from hcdev.postgres import Cluster, Server

from . import cluster as clusters

ARCHIVING = """
# Continuous archiving, as docs/runbook/restore.md says.
wal_level = replica
archive_mode = on
archive_command = 'test ! -f {wal}/%f && cp %p {wal}/%f'
"""
RECOVERING = """
restore_command = 'cp {wal}/%f %p'
recovery_target_time = '{moment}'
recovery_target_action = 'promote'
"""
WITHIN = 120


class Archive:
    """Where a cluster's base backup and its WAL are."""

    def __init__(self, cluster: Cluster, server: Server) -> None:
        self.cluster = cluster
        self.server = server
        home = cluster.data.parent
        self.wal, self.base, self.lost = home / "wal", home / "base", home / "lost"

    def _query(self, sql: str) -> str:
        return postgres.query(self.server, sql, superuser=True)

    def enable(self) -> None:
        """Archive from now on; the cluster restarts."""
        postgres.own(self.wal, self.cluster.owner)
        clusters.stop(self.cluster)
        self._append(ARCHIVING.format(wal=self.wal))
        clusters.start_again(self.cluster)

    def base_backup(self) -> None:
        """``pg_basebackup`` of the running cluster."""
        words = ("-h", self.cluster.socket, "-p", str(postgres.PORT), "-U", postgres.SUPERUSER)
        command = [postgres.binary("pg_basebackup"), *words, "-D", self.base, "-c", "fast"]
        run(self.cluster.command(*command), "taking a base backup", cwd=Path("/"))

    def now(self) -> datetime:
        """The moment by PostgreSQL's own clock."""
        return datetime.fromisoformat(self._query("SELECT clock_timestamp()"))

    def archived(self) -> None:
        """Wait until all WAL up to now is in the archive, as it is after ``archive_timeout``."""
        name = self._query("SELECT pg_walfile_name(pg_switch_wal())")
        deadline = time.monotonic() + WITHIN
        while not (self.wal / name).exists():
            assert time.monotonic() < deadline, f"{name} is not archived"
            time.sleep(0.2)

    def restore(self, moment: datetime) -> None:
        """Put the base backup in the place of the cluster, and recover up to the moment."""
        clusters.stop(self.cluster, "immediate")
        self.cluster.data.rename(self.lost)
        run(self.cluster.command("cp", "-a", self.base, self.cluster.data), "copying the backup")
        self._append(RECOVERING.format(wal=self.wal, moment=moment.isoformat()))
        run(self.cluster.command("touch", self.cluster.data / "recovery.signal"), "asking for it")
        clusters.start_again(self.cluster)
        deadline = time.monotonic() + WITHIN
        while self._query("SELECT pg_is_in_recovery()") == "t":
            assert time.monotonic() < deadline, f"recovery does not end: see {self.cluster.log}"
            time.sleep(0.2)

    def _append(self, text: str) -> None:
        with (self.cluster.data / "postgresql.conf").open("a") as config:
            config.write(text)


def fresh(name: str) -> Archive:
    """A new cluster that archives: one of a former run may have been restored."""
    home = clusters.home_of(name)
    old = Cluster(home / "data", clusters.socket_of(home, name), home / "log", clusters.owner())
    clusters.remove(old)
    archive = Archive(*clusters.make(name))
    archive.enable()
    return archive
