"""The virtual environment: pinned packages, Odoo on its path, an `odoo` command."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from . import common
from .common import REPO, VENV, SetupError, run, say
from .odoo_root import OdooTree

PYTHON = VENV / "bin/python"
ODOO = VENV / "bin/odoo"
FILES = ("requirements.txt", "requirements-dev.txt")
STAMP = "venv"
KEPT = {"pip", "setuptools", "wheel"}
# Not `python -m odoo`: the evented worker executes sys.argv[0] again.
START = """#!{python}
import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
"""


def ensure(tree: OdooTree) -> None:
    """Make or refresh the environment when Python or a requirement changed."""
    wanted = common.digest([sys.version, sys.prefix, *((REPO / f).read_bytes() for f in FILES)])
    if common.read_stamp(STAMP) != wanted or not PYTHON.exists():
        build()
        common.write_stamp(STAMP, wanted)
    link(tree)


def build() -> None:
    """Install exactly the pinned packages."""
    say("installing the Python packages (once per change of the requirements)")
    common.drop_stamp(STAMP)
    if not works():
        run([sys.executable, "-m", "venv", "--clear", VENV], "making the virtual environment")
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "-q"]
    run([*pip, "install", "-r", REPO / "requirements-dev.txt"], "installing the Python packages")
    extra = sorted(installed() - pinned() - KEPT)
    if extra:
        run([*pip, "uninstall", "-y", *extra], "removing packages that are no longer named")


def works() -> bool:
    """Whether the environment is there and belongs to this Python."""
    if not PYTHON.exists():
        return False
    try:
        found = run([PYTHON, "-c", "import sys, pip; print(sys.version)"], "asking Python")
    except SetupError:
        return False
    return found.strip() == sys.version.strip()


def normal(name: str) -> str:
    """A package name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> set[str]:
    """The packages that the requirements name."""
    text = "\n".join((REPO / name).read_text() for name in FILES)
    return {normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def installed() -> set[str]:
    """The packages in the environment itself, without what its path adds."""
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check"]
    listing = run([*pip, "list", "--format=freeze", "--path", site()], "listing Python packages")
    return {normal(line.partition("==")[0]) for line in listing.splitlines() if "==" in line}


def site() -> Path:
    """The environment's own folder of packages."""
    (found,) = (VENV / "lib").glob("python3*/site-packages")
    return found


def link(tree: OdooTree) -> None:
    """Put Odoo on the environment's path and write its start script."""
    (site() / "odoo19.pth").write_text(f"{tree.python_path}\n")
    ODOO.write_text(START.format(python=PYTHON))
    ODOO.chmod(0o755)
    version = run([ODOO, "--version"], "starting Odoo")
    if "19" not in version:
        raise SetupError(f"the environment starts another Odoo: {version.strip()}")
