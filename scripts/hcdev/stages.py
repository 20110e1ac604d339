"""The stages of `make test`: some beside each other, summaries repeated at the end."""

from __future__ import annotations

import os
import re
import subprocess  # nosec B404  # to start programs is what this is for
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import config, database, security, system, venv
from .common import ADDONS, LOGS, REPO, VENV, SetupError, say
from .odoo_root import OdooTree
from .postgres import Server

LAST = 8
INSTALLS = ("tests/acceptance/test_audit_owner.py", "tests/acceptance/test_lifecycle.py")
SUMMARY = re.compile(
    r"passed|failed|error|no tests ran|Success|Found \d|All checks|would be reformatted"
    r"|^(FAILED|ERROR|SKIPPED) |^\S+:\d+:\d+: ",
    re.IGNORECASE,
)
NOISE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:")


@dataclass
class Context:
    """What the stages run against, and what they said; ``shared`` while several run."""

    tree: OdooTree
    server: Server
    conf: Path
    failed: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    shared: bool = False

    def run(self, name: str, command: Sequence[str | Path]) -> None:
        """Run one tool with its output shown, and keep its last summary lines."""
        say(f"{name}: {' '.join(str(word) for word in command)}")
        began = time.monotonic()
        label = f"{name}: " if self.shared else ""
        code, lines = stream(name, command, self.environment(), label)
        words = "ok" if code == 0 else f"FAILED (exit {code})"
        told = [line for line in lines if SUMMARY.search(line) and not NOISE.match(line)]
        self.summary += [
            f"{name}: {words} in {time.monotonic() - began:.0f} s",
            *(f"    {line}" for line in (told or lines)[-LAST:]),
        ]
        if code:
            self.failed.append(name)

    def environment(self) -> dict[str, str]:
        """What tests and the servers that they start need to know."""
        env = config.environment(self.server) | {
            "HC_ODOO": str(venv.ODOO),
            "HC_ODOO_CONFIG": str(self.conf),
            "HC_TEMPLATE": database.TEMPLATE,
            "HC_CORE": database.CORE,
            "HC_BROWSER": system.browser() or "",
            "PYTHONUNBUFFERED": "1",
        }
        if self.server.private:
            env["HC_PG_SUPERUSER"] = str(self.server.superuser)
        env["PATH"] = f"{VENV / 'bin'}:{env['PATH']}"
        return env


def stream(
    name: str, command: Sequence[str | Path], env: dict[str, str], label: str
) -> tuple[int, list[str]]:
    """Show a program's output as it comes, each line after a label, and keep it."""
    lines: list[str] = []
    LOGS.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    with (
        (LOGS / f"test-{name}.log").open("w") as log,
        subprocess.Popen(  # nosec B603  # a list of words, and no shell
            words,
            cwd=REPO,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            sys.stdout.write(label + line)
            sys.stdout.flush()
            log.write(line)
            if line.strip():
                lines.append(line.rstrip())
    return process.returncode, lines


def bandit(context: Context) -> None:
    """What bandit finds is mended, or explained beside the line."""
    context.run("bandit", security.bandit())


def pip_audit(context: Context) -> None:
    """Known holes of the packages that we pin; needs the network."""
    context.run("pip-audit", security.pip_audit())
    output = (LOGS / "test-pip-audit.log").read_text(errors="replace")
    if "pip-audit" in context.failed and security.heard_nothing(output):
        context.summary.append(f"    {security.UNHEARD}")


def lint(context: Context) -> None:
    """ruff, pylint-odoo, bandit and mypy."""
    context.run("ruff", [VENV / "bin/ruff", "check", "."])
    context.run("ruff-format", [VENV / "bin/ruff", "format", "--check", "."])
    addons = sorted(path.parent for path in ADDONS.glob("*/__manifest__.py"))
    if addons:
        context.run("pylint-odoo", [VENV / "bin/pylint", "--rcfile=.pylintrc", *addons])
    bandit(context)
    context.run("mypy", [VENV / "bin/mypy", "-p", "hcdev"])
    # By itself and strictly: messaging/ imports no odoo, and the addon around it is not typed.
    context.run("mypy-messaging", [VENV / "bin/mypy", "-p", "messaging"])


def pytest(context: Context, name: str, *words: str) -> None:
    """Tests that start what they need themselves, without pytest-odoo's fixtures.

    :param words: where they are, and options; the variable T says otherwise
    """
    chosen = os.environ.get("T", "").split() or words
    slowest = "--durations=8"
    context.run(name, [VENV / "bin/pytest", "-q", "-p", "no:odoo", slowest, *chosen])


def unit(context: Context) -> None:
    """Tests of the code that imports no odoo."""
    pytest(context, "unit", "tests/unit")


def odoo_tests(context: Context) -> None:
    """Tests inside Odoo: ORM, HTTP and browser, on a fresh copy of the template."""
    check_browser()
    database.copy(context.server, database.TEMPLATE, database.TEST)
    chosen = os.environ.get("T", "").split()
    folders = chosen or sorted(str(path.relative_to(REPO)) for path in ADDONS.glob("*/tests"))
    if not folders:
        raise SetupError("no addon has a tests folder")
    options = [f"--odoo-database={database.TEST}", f"--odoo-config={context.conf}", "--odoo-http"]
    context.run("odoo", [VENV / "bin/pytest", "-q", *options, *folders])


def installs(context: Context) -> None:
    """Black-box tests that install, update and remove: on databases of their own."""
    pytest(context, "installs", *INSTALLS)


def acceptance(context: Context) -> None:
    """Black-box tests against a server with demo data, all that are not ``installs``."""
    check_browser()
    apart = [f"--ignore={path}" for path in INSTALLS]
    pytest(context, "acceptance", "tests/acceptance", *apart)


def faults(context: Context) -> None:
    """The long fault-injection tests."""
    pytest(context, "faults", "tests/faults")


def faults_short(context: Context) -> None:
    """A cut of them that takes a minute or two."""
    os.environ["HC_FAULTS"] = "short"
    pytest(context, "faults-short", "tests/faults")


def bench(context: Context) -> None:
    """The benchmarks."""
    script = REPO / "tests/bench/run.py"
    if not script.exists():
        raise SetupError("tests/bench/run.py is missing")
    context.run("bench", [venv.PYTHON, script])


def check_browser() -> None:
    """Odoo skips browser tests in silence where one of these is missing: that is a failure."""
    if not system.has_browser():
        raise SetupError("browser tests need Chromium: apt-get install chromium")
    code = "import importlib.util as u, sys; sys.exit(u.find_spec('websocket') is None)"
    found = subprocess.run([venv.PYTHON, "-c", code], check=False)  # nosec B603  # our own words
    if found.returncode:
        raise SetupError("browser tests need websocket-client, which requirements-dev.txt names")


STAGES: dict[str, Callable[[Context], None]] = {
    "lint": lint,
    "bandit": bandit,
    "pip-audit": pip_audit,
    "unit": unit,
    "odoo": odoo_tests,
    "installs": installs,
    "acceptance": acceptance,
    "faults": faults,
    "faults-short": faults_short,
    "bench": bench,
}
WHOLE = ("lint", "unit", "odoo", "installs", "acceptance", "faults-short")
# Each of these keeps one core busy for most of its time. Faults and linters come before and
# after: the ones are about time, the others take both cores.
BESIDE = (("odoo", "installs"), ("unit", "acceptance"))


def together(names: Sequence[str]) -> Iterator[list[list[str]]]:
    """The stages in groups that are done one after the other; the tracks of a group are done at
    the same time."""
    left = list(names)
    while left:
        tracks = [[name for name in track if name in left] for track in BESIDE]
        beside = {name for track in tracks for name in track}
        if left[0] in beside and all(tracks):
            left = [name for name in left if name not in beside]
            yield tracks
        else:
            yield [[left.pop(0)]]


def take(context: Context, names: Sequence[str]) -> None:
    """One stage after the other, also when one has failed."""
    for name in names:
        try:
            STAGES[name](context)
        except Exception as error:  # told at the end, whatever it is
            context.summary.append(f"{name}: FAILED, {type(error).__name__}: {error}")
            context.failed.append(name)


def perform(context: Context, names: Sequence[str]) -> int:
    """Run stages, then say what each of them said last."""
    for group in together(names):
        context.shared = len(group) > 1
        with ThreadPoolExecutor() as pool:
            for track in group:
                pool.submit(take, context, track)
    print("\n" + "=" * 30 + " summary " + "=" * 30)
    print("\n".join(context.summary))
    if context.failed:
        print(f"FAILED: {', '.join(context.failed)}")
        return 1
    print(f"passed: {', '.join(names)}")
    return 0
