"""Odoo 19 itself: the user's own folder (ODOO_HOME), or Debian's package unpacked here."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import common
from .common import SetupError, run, say

ROOT = common.WORK / "root"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITES = ("bookworm", "sid")
FROM_UNSTABLE = ("odoo-19", "fonts-montserrat")
# The package's fonts and scripts are links to files as Debian 12 names them.
FROM_STABLE = (
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-glyphicons-halflings",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "gsfonts",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
LEFT_OUT = Path("addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js")
STAMP = "odoo-root"
STAMP_VALUE = common.digest([*FROM_UNSTABLE, *FROM_STABLE])


@dataclass(frozen=True)
class OdooTree:
    """Where Python finds `odoo`, and the folder with Odoo's own addons (`base` it finds itself)."""

    python_path: Path
    addons: tuple[Path, ...]


def ensure() -> OdooTree:
    """Return a checked Odoo 19, fetching it when the user names none."""
    home = os.environ.get("ODOO_HOME", "").strip()
    if home:
        return inspect(Path(home).expanduser().resolve())
    packages = ROOT / "usr/lib/python3/dist-packages"
    if common.read_stamp(STAMP) != STAMP_VALUE or not (packages / "odoo").is_dir():
        fetch()
    return inspect(packages)


def inspect(folder: Path) -> OdooTree:
    """Recognise a source checkout or an installed package, and check its version."""
    release = folder / "odoo/release.py"
    if not release.is_file():
        raise SetupError(f"{folder} is no Odoo folder: it has no odoo/release.py (see ODOO_HOME)")
    found = re.search(r"^version_info\s*=\s*\(\s*'?([^,']+)", release.read_text(), re.MULTILINE)
    version = found.group(1).strip() if found else "unknown"
    if not re.fullmatch(r"(?:saas~)?19", version):
        raise SetupError(f"{folder} holds Odoo {version}, this suite needs Odoo 19")
    places = (folder / "addons", folder / "odoo/addons")
    addons = tuple(path for path in places if (path / "web/static/src").is_dir())
    if not addons:
        raise SetupError(f"{folder} has no addons/web: name the folder with odoo/ and addons/")
    return OdooTree(folder, addons)


def fetch() -> None:
    """Download Debian's package of Odoo 19 with its fonts and unpack all into one root."""
    for program in ("apt-get", "dpkg"):
        if not common.which(program):
            raise SetupError(f"{program} is missing: set ODOO_HOME to a folder with Odoo 19")
    say("fetching Odoo 19 (about 130 MB, once)")
    common.drop_stamp(STAMP)
    apt = common.WORK / "apt"
    shutil.rmtree(apt, ignore_errors=True)
    shutil.rmtree(ROOT, ignore_errors=True)
    (apt / "debs").mkdir(parents=True)
    ROOT.mkdir(parents=True)
    options = private_apt(apt, mirror())
    run(["apt-get", *options, "update"], "reading the package lists of Debian")
    wanted = [f"{name}/sid" for name in FROM_UNSTABLE]
    wanted += [f"{name}/bookworm" for name in FROM_STABLE]
    run(["apt-get", *options, "download", *wanted], "downloading Odoo 19", cwd=apt / "debs")
    for deb in sorted((apt / "debs").glob("*.deb")):
        run(["dpkg", "-x", deb, ROOT], f"unpacking {deb.name}")
    complete(ROOT / "usr/lib/python3/dist-packages/odoo")
    shutil.rmtree(apt)
    common.write_stamp(STAMP, STAMP_VALUE)


def mirror() -> str:
    """The address of the Debian archive that this machine itself uses."""
    wanted = ("indextargets", "--format", "$(ORIGIN)|$(REPO_URI)", "Created-By: Packages")
    lines = run(["apt-get", *wanted], "asking apt for its mirror").splitlines()
    pairs = [line.partition("|")[::2] for line in lines if "|" in line]
    usable = [(origin, uri) for origin, uri in pairs if uri and "security" not in uri]
    # Before the first apt-get update the origin is not known yet.
    for origin in ("Debian", ""):
        if found := [uri for name, uri in usable if name == origin]:
            return found[0]
    raise SetupError("apt names no Debian archive on this machine: set ODOO_HOME")


def private_apt(folder: Path, uri: str) -> list[str]:
    """Options for an apt that knows the unstable suite and leaves the machine's own alone."""
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "cache/archives/partial").mkdir(parents=True)
    sources = folder / "sources.list"
    lines = (f"deb [signed-by={KEYRING}] {uri} {suite} main\n" for suite in SUITES)
    sources.write_text("".join(lines))
    return [
        f"-oDir::State::Lists={folder / 'lists'}",
        f"-oDir::Etc::SourceList={sources}",
        "-oDir::Etc::SourceParts=/dev/null",
        f"-oDir::Cache={folder / 'cache'}",
        "-oAPT::Sandbox::User=root",
        "-oAcquire::Languages=none",
        # A mirror may lag behind; its lists are signed all the same.
        "-oAcquire::Check-Valid-Until=false",
    ]


def complete(odoo: Path) -> None:
    """Add the one file that the package leaves out although the web client names it."""
    target = odoo / LEFT_OUT
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("/* background blur in video calls is not part of this package */\n")
