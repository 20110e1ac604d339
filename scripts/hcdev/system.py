"""Programs that come from Debian: installed where possible, named in one line where not."""

from __future__ import annotations

import glob
import importlib.util
import subprocess  # nosec B404  # to start programs is what this is for
import sys
from collections.abc import Callable

from . import common
from .common import SetupError, run, say

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OLDEST_PYTHON = (3, 11)


def has_postgres() -> bool:
    """Whether the server programs and a client are there."""
    server = glob.glob("/usr/lib/postgresql/*/bin/initdb") or common.which("initdb")
    return bool(server and common.which("psql") and common.which("createdb"))


def has_client() -> bool:
    """Whether the client programs are there."""
    return bool(common.which("psql") and common.which("createdb"))


def has_venv() -> bool:
    """Whether this Python can make virtual environments with pip in them."""
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def browser() -> str | None:
    """A Chromium for the browser tests."""
    return next((path for name in BROWSERS if (path := common.which(name))), None)


def has_browser() -> bool:
    """Whether a Chromium is there."""
    return browser() is not None


def has_faketime() -> bool:
    """Whether programs can be given a wrong clock."""
    return bool(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))


def has_small_disks() -> bool:
    """Whether a file can be made a disk."""
    return bool(common.which("mkfs.ext4") and common.which("mount"))


def has_proxy() -> bool:
    """Whether HAProxy is there."""
    return common.which("haproxy") is not None


NEEDS: dict[str, Callable[[], bool]] = {
    "python3-venv": has_venv,
    "postgresql": has_postgres,
    "postgresql-client": has_client,
    "chromium": has_browser,
    "faketime": has_faketime,
    "e2fsprogs": has_small_disks,
    "haproxy": has_proxy,
}


def check_python() -> None:
    """The pinned packages need this Python or a newer one."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(str(part) for part in OLDEST_PYTHON)
        raise SetupError(f"Python {wanted} or newer is needed, this is {sys.version.split()[0]}")


def ensure(*packages: str) -> None:
    """Install those of our Debian packages whose programs are missing."""
    missing = [name for name in packages if not NEEDS[name]()]
    if not missing:
        return
    install(missing)
    importlib.invalidate_caches()
    still = [name for name in missing if not NEEDS[name]()]
    if still:
        raise SetupError(f"{', '.join(still)} was installed but its programs are not found")


def install(packages: list[str]) -> None:
    """apt-get install, after apt-get update where apt does not know the packages."""
    names = " ".join(packages)
    advice = f"missing on this machine: {names}; run as root: apt-get install {names}"
    prefix = root_prefix()
    if prefix is None or not common.which("apt-get"):
        raise SetupError(advice)
    say(f"installing {names} (Debian)")
    options = ("-y", "-q", "--no-install-recommends", "-oDPkg::Lock::Timeout=300")
    front = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    command = [*front, "install", *options, *packages]
    try:
        run(command, f"installing {names}")
    except SetupError:
        run([*front, "update", "-q"], "apt-get update")
        run(command, f"installing {names}")


def root_prefix() -> list[str] | None:
    """What to put before a command that needs root; None where that cannot be had."""
    if common.is_root():
        return []
    if not common.which("sudo"):
        return None
    question = ["sudo", "-n", "true"]
    allowed = subprocess.run(question, capture_output=True, check=False)  # nosec B603  # fixed
    return ["sudo", "-n"] if allowed.returncode == 0 else None
