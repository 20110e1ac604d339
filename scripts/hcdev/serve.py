"""Start and stop Odoo as in production: HTTP, cron and MLLP processes under a supervisor."""

from __future__ import annotations

import itertools
import os
import pwd
import re
import signal
import subprocess  # nosec B404  # to start programs is what this is for
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from . import common, config, system, venv
from .common import LOGS, REPO, VENV, WORK, SetupError
from .config import SERVE_CONFIG, SERVE_LOG
from .odoo_root import OdooTree
from .postgres import Server

SUPERVISOR_CONFIG = WORK / "supervisord.conf"
PID_FILE = WORK / "supervisord.pid"
READY_WITHIN = 180
# Odoo's master ends its own workers in order; what is left after that is killed as a group.
# A program that cannot start (port or database away) is tried again without end.
SUPERVISOR = """[supervisord]
nodaemon = false
pidfile = {pid}
logfile = {logs}/supervisord.log
logfile_maxbytes = 5MB
logfile_backups = 1
childlogdir = {logs}
umask = 077
user = {user}

[program:odoo-http]
command = {odoo} server -c {conf} --workers=4 --max-cron-threads=0
environment = PGOPTIONS="{http_pg}"
{program}
[program:odoo-cron]
command = {odoo} server -c {conf} --workers=2 --max-cron-threads=4 --no-http
{program}
[program:odoo-mllp]
command = {odoo} hc_mllp -c {conf}
environment = ODOO_RC="{conf}",PGOPTIONS="{http_pg}"
{program}"""
PROXY = """
[program:proxy]
command = {haproxy} -db -f {cfg}
environment = {environment}
{program}"""
PROXY_CONFIG = REPO / "docker/haproxy/haproxy.cfg"
# While tables are being changed a sender gets 503 after this time, and not an answer to wait for.
HTTP_PG_OPTIONS = "-c lock_timeout=20s"
PROGRAM = """directory = {work}
autostart = true
autorestart = true
startsecs = 3
startretries = 1000000
stopsignal = TERM
stopwaitsecs = 30
stopasgroup = false
killasgroup = true
stdout_logfile = {logs}/%(program_name)s.out
stdout_logfile_maxbytes = 1MB
stdout_logfile_backups = 1
redirect_stderr = true
"""


def base_url(port: int | None = None) -> str:
    """Where the started server answers."""
    address = config.interface()
    host = "127.0.0.1" if re.fullmatch(r"[0:.]*", address) else address
    return f"http://{f'[{host}]' if ':' in host else host}:{port or config.port()}"


def start(tree: OdooTree, server: Server) -> None:
    """Bring the server up unless it already runs with this configuration."""
    wanted = config.render(config.serve_options(tree, server))
    current = SERVE_CONFIG.read_text() if SERVE_CONFIG.exists() else ""
    if supervisor_pid() and current == wanted:
        return
    stop()
    for number in ports():
        if config.occupied(config.interface(), number):
            raise SetupError(f"port {number} is taken by another program: choose one with PORT=")
    LOGS.mkdir(parents=True, exist_ok=True)
    config.write_private(SERVE_CONFIG, wanted)
    program = PROGRAM.format(work=WORK, logs=LOGS)
    names: dict[str, object] = {"pid": PID_FILE, "logs": LOGS, "odoo": venv.ODOO}
    names |= {"conf": SERVE_CONFIG, "user": pwd.getpwuid(os.geteuid()).pw_name}
    names |= {"http_pg": HTTP_PG_OPTIONS}
    text = SUPERVISOR.format(program=program, **names)
    if config.with_proxy():
        text += proxy_program(program)
    config.write_private(SUPERVISOR_CONFIG, text)
    command = [VENV / "bin/supervisord", "-c", SUPERVISOR_CONFIG]
    common.run(command, "starting the supervisor", env=config.environment(server), cwd=WORK)


def ports() -> list[int]:
    """The ports that a start takes."""
    taken = [config.port(), config.port() + config.EVENTED_OFFSET]
    return [*taken, config.proxy_port()] if config.with_proxy() else taken


def proxy_program(program: str) -> str:
    """The supervisor's section for the proxy."""
    host = config.interface()
    values = proxy_environment(
        f"{host}:{config.proxy_port()}",
        f"{host}:{config.port()}",
        f"{host}:{config.port() + config.EVENTED_OFFSET}",
    )
    environment = ",".join(f'{name}="{value}"' for name, value in values.items())
    haproxy = common.which("haproxy") or "haproxy"
    return PROXY.format(haproxy=haproxy, cfg=PROXY_CONFIG, environment=environment, program=program)


def proxy_environment(bind: str, odoo: str, evented: str) -> dict[str, str]:
    """What the proxy's configuration asks for."""
    return {"HC_PROXY_BIND": bind, "HC_ODOO": odoo, "HC_ODOO_GEVENT": evented}


def wait_ready(within: float = READY_WITHIN) -> None:
    """Wait until Odoo and the suite's own health page answer."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if status("/web/health") == 200 and status("/hc/health") in {200, 404}:
            return
        if not supervisor_pid():
            raise SetupError(f"the supervisor ended: see {LOGS / 'supervisord.log'}")
        time.sleep(0.3)
    raise SetupError(f"Odoo does not answer at {base_url()}: see {SERVE_LOG}")


def status(path: str) -> int | None:
    """The HTTP status of a page, or None where nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(base_url() + path, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def arguments(pid: int) -> list[str]:
    """The command line of a process that lives."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
    return [] if state == "Z" else [os.fsdecode(word) for word in words if word]


def processes(conf: Path) -> list[int]:
    """Our processes: those started with this very configuration file."""
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    found = [pid for pid in pids if pid != os.getpid()]
    return [pid for pid in found if is_ours(arguments(pid), conf)]


def is_ours(words: list[str], conf: Path) -> bool:
    """Whether this command line is a program of our environment with our configuration."""
    own = any(word.startswith(str(VENV / "bin")) for word in words[:2])
    return own and any(pair == ("-c", str(conf)) for pair in itertools.pairwise(words))


def supervisor_pid() -> int | None:
    """The supervisor's process, if it runs."""
    return next(iter(processes(SUPERVISOR_CONFIG)), None)


def stop() -> None:
    """End the supervisor and whatever it or a crash left behind."""
    end(processes(SUPERVISOR_CONFIG), 60)
    end(processes(SERVE_CONFIG), 20)
    PID_FILE.unlink(missing_ok=True)


def end(pids: Iterable[int], patience: float) -> None:
    """Ask processes to end, and kill those that do not."""
    known = {pid: arguments(pid) for pid in pids}
    send(known, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while remaining(known) and time.monotonic() < deadline:
        time.sleep(0.1)
    send(remaining(known), signal.SIGKILL)


def remaining(known: Mapping[int, list[str]]) -> dict[int, list[str]]:
    """Those that still are what they were."""
    return {pid: words for pid, words in known.items() if words and arguments(pid) == words}


def send(known: Mapping[int, list[str]], number: signal.Signals) -> None:
    """Signal processes, ignoring those that are gone."""
    for pid in remaining(known):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def run_script(script: Path, server: Server, *options: str) -> int:
    """Run one of our scripts in the environment, told where the server is."""
    env = config.environment(server) | {
        "HC_BASE_URL": base_url(),
        "HC_DATABASE": config.DEMO_DATABASE,
        "HC_LOG": str(SERVE_LOG),
        "HC_ODOO": str(venv.ODOO),
        "HC_ODOO_CONFIG": str(SERVE_CONFIG),
        "HC_DEMO_JSON": str(WORK / "demo.json"),
        "HC_PICTURES": str(WORK / "pictures"),
        "HC_BROWSER": system.browser() or "",
        "HC_MLLP_PORT": config.mllp_port(),
    }
    command: list[str | Path] = [venv.PYTHON, script, *options]
    return subprocess.run(command, env=env, check=False).returncode  # nosec B603  # our own script
