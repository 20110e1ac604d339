"""Command line: python3 -m hcdev COMMAND."""

from __future__ import annotations

import fcntl
import os
import subprocess  # nosec B404  # to start programs is what this is for
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import config, database, odoo_root, postgres, security, serve, stages, system, venv
from .common import REPO, WORK, SetupError, run, say
from .odoo_root import OdooTree
from .postgres import Server

SIMULATION = REPO / "scripts/simulate_day.py"
PICTURES = REPO / "scripts/screenshots.py"
SECURITY = {"bandit", "pip-audit"}
ACCESS = (
    "from odoo.addons.healthcare_integration_base.tests import access_matrix as a; a.write(env)\n"
)
LINTERS_ONLY = {"lint", "unit", *SECURITY}


@contextmanager
def alone() -> Iterator[None]:
    """One set-up at a time in this checkout."""
    WORK.mkdir(exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another set-up in this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def setup() -> tuple[OdooTree, Server]:
    """Odoo, the Python packages and PostgreSQL; seconds when they are there."""
    system.check_python()
    private = postgres.server().private
    system.ensure("python3-venv", "postgresql" if private else "postgresql-client")
    tree = odoo_root.ensure()
    venv.ensure(tree)
    return tree, postgres.ensure()


def do_setup() -> int:
    """Prepare the machine and the template database."""
    with alone():
        tree, server = setup()
        database.ensure_template(tree, server, config.write_test(tree, server))
    return 0


def do_postgres() -> int:
    """Start the private PostgreSQL."""
    with alone():
        server = postgres.ensure()
    print(f"PGHOST={server.host} PGPORT={server.port} PGUSER={server.user}")
    return 0


def do_start() -> int:
    """Start the server on the demo database."""
    if config.with_proxy():
        system.ensure("haproxy")
    with alone():
        tree, server = setup()
        conf = config.write_test(tree, server)
        if not database.demo_current(server):
            serve.stop()
            database.ensure_demo(server, conf)
        serve.start(tree, server)
    serve.wait_ready()
    print(f"Odoo answers at {serve.base_url()}")
    if config.with_proxy():
        print(f"the proxy answers at {serve.base_url(config.proxy_port())}")
    return 0


def do_demo() -> int:
    """Start the server and send it a simulated hospital day."""
    do_start()
    if not SIMULATION.exists():
        raise SetupError(f"{SIMULATION.relative_to(REPO)} is missing")
    return serve.run_script(SIMULATION, postgres.server())


def do_pictures() -> int:
    """Take pictures of the screens of the demo database, after its simulated day."""
    system.ensure("chromium")
    do_start()
    return serve.run_script(PICTURES, postgres.server(), "--docs")


def do_stop() -> int:
    """End the server, and the private PostgreSQL when nobody else uses it."""
    with alone():
        serve.stop()
        postgres.stop()
    return 0


def do_psql() -> int:
    """psql in the demo database."""
    server = postgres.ensure()
    command = ["psql", config.DEMO_DATABASE]
    done = subprocess.run(command, env=server.env(), check=False)  # nosec B603  # our own words
    return done.returncode


def do_shell() -> int:
    """Odoo's shell in the demo database."""
    tree, server = setup()
    conf = config.write_test(tree, server)
    command = [str(venv.ODOO), "shell", "-c", str(conf), "-d", config.DEMO_DATABASE, "--no-http"]
    env = config.environment(server)
    return subprocess.run(command, env=env, check=False).returncode  # nosec B603  # our own words


def do_access() -> int:
    """Write what the database says of rights, for somebody to review."""
    with alone():
        tree, server = setup()
        conf = config.write_test(tree, server)
        database.ensure_template(tree, server, conf)
        database.copy(server, database.TEMPLATE, database.TEST)
    command = [venv.ODOO, "shell", "-c", conf, "-d", database.TEST, "--no-http"]
    run(command, "reading the rights", env=config.environment(server), stdin=ACCESS)
    return 0


def do_test(names: tuple[str, ...]) -> int:
    """Run stages of the tests."""
    if {"odoo", "acceptance"} & set(names):
        system.ensure("chromium")
    if "faults" in names:
        system.ensure("faketime", "e2fsprogs")
    if {"acceptance", "faults", "faults-short"} & set(names):
        system.ensure("haproxy")
    with alone():
        tree, server = setup()
        conf = config.write_test(tree, server)
        if {"lint", *SECURITY} & set(names):
            security.ensure()
        if not LINTERS_ONLY.issuperset(names):
            database.ensure_template(tree, server, conf)
    return stages.perform(stages.Context(tree, server, conf), names)


COMMANDS: dict[str, Callable[[], int]] = {
    "setup": do_setup,
    "postgres": do_postgres,
    "demo": do_demo,
    "access": do_access,
    "start": do_start,
    "pictures": do_pictures,
    "stop": do_stop,
    "psql": do_psql,
    "shell": do_shell,
}


def main(words: list[str]) -> int:
    """Run a command; a problem the user can act upon is one line."""
    os.umask(0o022)
    try:
        if words[:1] == ["test"]:
            names = tuple(words[1:]) or stages.WHOLE
            if unknown := sorted(set(names) - set(stages.STAGES)):
                known = ", ".join(stages.STAGES)
                raise SetupError(f"no such stage: {', '.join(unknown)}; there are {known}")
            return do_test(names)
        if len(words) != 1 or words[0] not in COMMANDS:
            raise SetupError(f"usage: hcdev {'|'.join([*COMMANDS, 'test [stage ...]'])}")
        return COMMANDS[words[0]]()
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
