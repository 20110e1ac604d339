"""A private PostgreSQL for this checkout, or the one that the PG* variables name."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import common
from .common import SetupError, run, say

NAMED_BY = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGSERVICE")
PORT = 54329
SUPERUSER = "postgres"
ROLE = "odoo"
LONGEST_SOCKET = 100
TAG = common.digest([str(common.REPO)])[:10]
SETTINGS = f"""
# Written by scripts/hcdev. Durable as delivered (fsync and synchronous_commit stay on).
listen_addresses = ''
port = {PORT}
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
log_min_messages = warning
# A failing statement can hold a payload: neither it nor its parameters go to the log.
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
log_parameter_max_length = 0
log_statement = 'none'
log_min_duration_statement = -1
"""


@dataclass(frozen=True)
class Server:
    """How to reach a PostgreSQL server; `superuser` only where it is ours."""

    host: str
    port: str
    user: str
    superuser: str | None

    @property
    def private(self) -> bool:
        """Whether this is the cluster that we keep in this checkout."""
        return self.superuser is not None

    def env(self, *, superuser: bool = False) -> dict[str, str]:
        """The environment for libpq programs and for Odoo."""
        env = dict(os.environ)
        user = self.superuser if superuser else self.user
        wanted = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": user}
        env.update({name: value for name, value in wanted.items() if value})
        return env


@dataclass(frozen=True)
class Cluster:
    """The folders of the private cluster and the system user that owns them."""

    data: Path
    socket: Path
    log: Path
    owner: str

    def command(self, *words: str | Path) -> list[str | Path]:
        """A command as the owner of the cluster."""
        if common.is_root():
            return ["runuser", "-u", self.owner, "--", *words]
        return list(words)


def server() -> Server:
    """The server to use, whether it runs or not."""
    if any(os.environ.get(name) for name in NAMED_BY):
        user = os.environ.get("PGUSER") or pwd.getpwuid(os.geteuid()).pw_name
        return Server(os.environ.get("PGHOST", ""), os.environ.get("PGPORT", ""), user, None)
    return Server(str(socket_folder()), str(PORT), ROLE, SUPERUSER)


def ensure() -> Server:
    """Return a running server, with a role for Odoo that is no superuser."""
    target = server()
    if target.private:
        cluster = find_cluster()
        create(cluster)
        start(cluster)
        ensure_role(target)
    else:
        check_named(target)
    return target


def query(target: Server, sql: str, database: str = "postgres", *, superuser: bool = False) -> str:
    """The unaligned result of one statement."""
    env = target.env(superuser=superuser and target.private)
    command = ["psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]
    return run(command, "asking PostgreSQL", env=env).strip()


def check_named(target: Server) -> None:
    """The user's own server must answer; a superuser role is worth a warning."""
    if query(target, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "t":
        say(
            f"warning: the role {target.user} is a superuser, which voids the protection of the"
            " audit trail; name another role with PGUSER"
        )


def binary(name: str) -> Path:
    """The newest installed server program of this name."""
    found = [Path(path) for path in glob.glob(f"/usr/lib/postgresql/*/bin/{name}")]
    if found:
        return max(found, key=lambda path: float(path.parent.parent.name))
    other = common.which(name)
    if other:
        return Path(other)
    raise SetupError(
        f"PostgreSQL's {name} is missing: apt-get install postgresql, or name a server with PGHOST"
    )


def find_cluster() -> Cluster:
    """Where the private cluster is, or would be created."""
    if not common.is_root():
        home = common.WORK / "pg"
        return Cluster(home / "data", socket_folder(), home / "log", pwd.getpwuid(os.geteuid())[0])
    try:
        pwd.getpwnam(SUPERUSER)
    except KeyError:
        advice = "the system user postgres is missing: apt-get install postgresql"
        raise SetupError(advice) from None
    home = cluster_home()
    return Cluster(home / "data", socket_folder(), home / "log", SUPERUSER)


def cluster_home() -> Path:
    """A folder that the cluster's owner can reach."""
    if not common.is_root() or reachable(common.WORK):
        return common.WORK / "pg"
    return Path(f"/var/lib/postgresql/hc-{TAG}")


def reachable(folder: Path) -> bool:
    """Whether every folder above may be traversed by anybody."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents) if path.exists())


def socket_folder() -> Path:
    """A private folder for the socket, whose path is short enough for one."""
    folder = cluster_home() / "run"
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock")) < LONGEST_SOCKET:
        return folder
    return Path(tempfile.gettempdir()) / f"hc-pg-{TAG}"


def own(folder: Path, owner: str) -> None:
    """Create a folder that only the owner may enter; refuse one that is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    uid = pwd.getpwnam(owner).pw_uid
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in {uid, os.geteuid()}:
        raise SetupError(f"{folder} belongs to somebody else: remove it and try again")
    if common.is_root():
        shutil.chown(folder, owner)
    folder.chmod(0o700)


def create(cluster: Cluster) -> None:
    """Make the cluster, once."""
    own(cluster.data.parent, cluster.owner)
    own(cluster.socket, cluster.owner)
    if (cluster.data / "PG_VERSION").exists():
        return
    say("creating a private PostgreSQL cluster")
    shutil.rmtree(cluster.data, ignore_errors=True)
    options = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    initdb = cluster.command(binary("initdb"), "-D", cluster.data, *options)
    run(initdb, "creating the PostgreSQL cluster", cwd=Path("/"))


def configure(cluster: Cluster) -> None:
    """Write our settings; they are read at every start."""
    config = cluster.data / "postgresql.auto.conf"
    config.write_text(f"{SETTINGS}unix_socket_directories = '{cluster.socket}'\n")
    if common.is_root():
        shutil.chown(config, cluster.owner, cluster.owner)
    config.chmod(0o600)


def start(cluster: Cluster) -> None:
    """Start the cluster if it does not run, also after a crash."""
    if running_pid(cluster) and answers(cluster):
        return
    if not running_pid(cluster):
        (cluster.data / "postmaster.pid").unlink(missing_ok=True)
        configure(cluster)
        say("starting the private PostgreSQL")
        ctl = ("-D", cluster.data, "-l", cluster.log, "-w", "-t", "120")
        run(
            cluster.command(binary("pg_ctl"), *ctl, "start"),
            f"starting PostgreSQL (its log is {cluster.log})",
            cwd=Path("/"),
        )
    deadline = time.monotonic() + 120
    while not answers(cluster):
        if time.monotonic() > deadline:
            raise SetupError(f"PostgreSQL does not answer: see {cluster.log}")
        time.sleep(0.2)


def running_pid(cluster: Cluster) -> int | None:
    """The server's process, if the one in its pid file is really ours."""
    try:
        pid = int((cluster.data / "postmaster.pid").read_text().split()[0])
        folder = Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except (OSError, ValueError, IndexError):
        return None
    return pid if folder == cluster.data.resolve() else None


def answers(cluster: Cluster) -> bool:
    """Whether the server takes connections."""
    command = [binary("pg_isready"), "-q", "-h", cluster.socket, "-p", str(PORT)]
    try:
        run(command, "asking PostgreSQL")
    except SetupError:
        return False
    return True


def ensure_role(target: Server) -> None:
    """Odoo's role: it may create databases, and is no superuser."""
    known = query(target, "SELECT rolname, rolsuper FROM pg_roles", superuser=True).splitlines()
    if f"{ROLE}|t" in known:
        raise SetupError(f"the role {ROLE} is a superuser, which the audit trail does not allow")
    if f"{ROLE}|f" not in known:
        query(target, f"CREATE ROLE {ROLE} LOGIN CREATEDB NOSUPERUSER NOCREATEROLE", superuser=True)


def stop() -> None:
    """Stop the private cluster unless somebody else works in it."""
    target = server()
    if not target.private or not (cluster_home() / "data").exists():
        return
    cluster = find_cluster()
    if not running_pid(cluster):
        return
    others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    if query(target, f"{others} AND pid <> pg_backend_pid()", superuser=True) != "0":
        say("the private PostgreSQL stays up: it has other clients")
        return
    command = cluster.command(binary("pg_ctl"), "-D", cluster.data, "-m", "fast", "-w", "stop")
    run(command, "stopping PostgreSQL", cwd=Path("/"))
