"""bandit and pip-audit, in an environment of their own: they share no pin with Odoo."""

from __future__ import annotations

import sys
from pathlib import Path

from . import common
from .common import REPO, WORK, run, say

TOOLS = WORK / "venv-security"
WANTED = REPO / "requirements-security.txt"
AUDITED = ("requirements.txt", "requirements-dev.txt", "requirements-security.txt")
SCANNED = ("addons", "scripts")
STAMP = "venv-security"
# What pip-audit says when it has learned nothing, which is not the same as "clean".
SILENT = ("ConnectionError", "could not be audited", "ServiceError", "NameResolutionError")
UNHEARD = (
    "pip-audit could not ask the advisory service about every package, so nothing is proven:"
    " run it where that service can be reached"
)


def ensure() -> None:
    """Make or refresh the environment of the tools when Python or a pin changed."""
    wanted = common.digest([sys.version, WANTED.read_bytes()])
    if common.read_stamp(STAMP) == wanted and (TOOLS / "bin/bandit").exists():
        return
    say("installing bandit and pip-audit (once per change of their pins)")
    common.drop_stamp(STAMP)
    run([sys.executable, "-m", "venv", "--clear", TOOLS], "making the tools' environment")
    pip = [TOOLS / "bin/python", "-m", "pip", "--disable-pip-version-check", "-q"]
    run([*pip, "install", "-r", WANTED], "installing bandit and pip-audit")
    common.write_stamp(STAMP, wanted)


def bandit() -> list[str | Path]:
    """The scan of all code that runs in production or on a developer's machine.

    Tests are left out: what they do on purpose is what bandit looks for.
    """
    return [TOOLS / "bin/bandit", "-q", "-r", *SCANNED, "-x", "*/tests/*"]


def pip_audit() -> list[str | Path]:
    """The question to the advisory database about every pin.

    Strict: a package that could not be asked about is a failure and no "nothing found".
    """
    files = [word for name in AUDITED for word in ("-r", name)]
    return [TOOLS / "bin/pip-audit", "--strict", "--no-deps", "--disable-pip", *files]


def heard_nothing(output: str) -> bool:
    """Whether a failed audit failed for want of an answer, and not over a finding."""
    return any(word in output for word in SILENT)
