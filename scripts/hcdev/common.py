"""What every module here shares: paths, one-line errors, running programs, stamps."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess  # nosec B404  # to start programs is what this is for
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
WORK = REPO / ".odoo"
ADDONS = REPO / "addons"
VENV = WORK / "venv"
LOGS = WORK / "log"
STAMPS = WORK / "stamps"


class SetupError(Exception):
    """A problem that the user can act upon, told in one line."""


def say(text: str) -> None:
    """Tell the user what is being done."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def run(
    command: Sequence[object],
    what: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
) -> str:
    """Run a program and return its output; on failure one line with its last words."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(  # nosec B603  # a list of words, and no shell
            words,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise SetupError(f"{what} failed: the program {words[0]} is missing") from None
    if done.returncode:
        raise SetupError(f"{what} failed: {last_words(done.stderr or done.stdout)}")
    return done.stdout


def last_words(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() or line.startswith("E:")]
    return (errors or lines or ["it gave no reason"])[-1][:300]


def is_root() -> bool:
    """Whether this process runs as root."""
    return os.geteuid() == 0


def which(program: str) -> str | None:
    """The path of a program, the administration folders included."""
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    return shutil.which(program, path=path)


def digest(parts: Iterable[bytes | str]) -> str:
    """One hash of several pieces."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def read_stamp(name: str) -> str:
    """What was recorded by write_stamp, or an empty text."""
    try:
        return (STAMPS / name).read_text().strip()
    except FileNotFoundError:
        return ""


def write_stamp(name: str, value: str) -> None:
    """Record that a step was completed for this value."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(value + "\n")


def drop_stamp(name: str) -> None:
    """Forget a completed step."""
    (STAMPS / name).unlink(missing_ok=True)
