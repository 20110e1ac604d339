"""A PostgreSQL of our own, so that tests may stop it and read its whole log."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from hcdev import common, database, postgres
from hcdev.common import SetupError, run
from hcdev.postgres import ROLE, SUPERUSER, Cluster, Server

AUDIT_OWNER = "hc_audit_owner"


def make(name: str, *, fresh: bool = False) -> tuple[Cluster, Server]:
    """A running cluster beside the one of this checkout, with the same roles.

    :param fresh: without what a run has left that was killed
    """
    home = home_of(name)
    cluster = Cluster(home / "data", socket_of(home, name), home / "log", owner())
    if fresh:
        remove(cluster)
    postgres.create(cluster)
    postgres.start(cluster)
    server = Server(str(cluster.socket), str(postgres.PORT), ROLE, SUPERUSER)
    postgres.ensure_role(server)
    roles = postgres.query(server, "SELECT rolname FROM pg_roles", superuser=True).splitlines()
    if AUDIT_OWNER not in roles:
        postgres.query(server, f"CREATE ROLE {AUDIT_OWNER} NOLOGIN", superuser=True)
    return cluster, server


def owner() -> str:
    """The system user that PostgreSQL runs as."""
    return postgres.find_cluster().owner


def home_of(name: str) -> Path:
    """The folder of a cluster; one that its owner can reach."""
    home = postgres.cluster_home()
    return home.with_name(f"{home.name}-{name}")


def socket_of(home: Path, name: str) -> Path:
    """The folder of its socket, whose path must be short."""
    folder = home / "run"
    if len(os.fsencode(folder / f".s.PGSQL.{postgres.PORT}.lock")) < postgres.LONGEST_SOCKET:
        return folder
    return Path(tempfile.gettempdir()) / f"hc-{name}-{postgres.TAG}"


def ctl(cluster: Cluster, *words: str) -> None:
    """pg_ctl for this cluster."""
    command = cluster.command(postgres.binary("pg_ctl"), "-D", cluster.data, *words)
    run(command, f"pg_ctl {words[-1]}", cwd=Path("/"))


def stop(cluster: Cluster, mode: str = "fast") -> None:
    """Stop it: ``fast`` in order, ``immediate`` like a crash."""
    if postgres.running_pid(cluster):
        ctl(cluster, "-m", mode, "-w", "stop")


def start_again(cluster: Cluster) -> None:
    """Start it after a stop."""
    postgres.start(cluster)


def remove(cluster: Cluster) -> None:
    """Stop and delete it."""
    with contextlib.suppress(SetupError):
        stop(cluster, "immediate")
    shutil.rmtree(cluster.data.parent, ignore_errors=True)
    shutil.rmtree(cluster.socket, ignore_errors=True)


def source_env() -> dict[str, str]:
    """The environment in which the template database is found."""
    if os.environ.get("PGHOST") or os.environ.get("PGSERVICE"):
        env = dict(os.environ)
        if superuser := env.get("HC_PG_SUPERUSER"):
            env["PGUSER"] = superuser
        return env
    server = postgres.server()
    return server.env(superuser=server.private)


def copy_template(target: Server, name: str) -> None:
    """Bring the template database into another cluster, owners included."""
    env = target.env(superuser=True)
    template = os.environ.get("HC_TEMPLATE", database.TEMPLATE)
    run(["dropdb", "--if-exists", "--force", name], f"removing {name}", env=env)
    run(["createdb", "-O", ROLE, name], f"creating {name}", env=env)
    dump = ["pg_dump", "-Fc", "-Z0", template]
    load = ["pg_restore", "--exit-on-error", "-d", name]
    with subprocess.Popen(dump, stdout=subprocess.PIPE, env=source_env()) as source:
        done = subprocess.run(
            load, stdin=source.stdout, env=env, capture_output=True, text=True, check=False
        )
    if source.returncode or done.returncode:
        raise SetupError(f"copying {template} failed: {common.last_words(done.stderr)}")
    run(["psql", "-qXd", name, "-c", "ANALYZE"], "collecting statistics", env=env)
