"""Databases: Odoo's own modules, the template with our addons, copies of it, the demo."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import common, config, postgres, venv
from .common import ADDONS, LOGS, SetupError, run, say
from .odoo_root import OdooTree
from .postgres import Server

CORE = "hc_core"
# Always in the core database, so that it stays the same while addons come and go.
CORE_MODULES = ("account", "maintenance", "purchase_stock", "stock", "stock_account", "web")
TEMPLATE = "hc_template"
TEST = "hc_test"
DEMO = config.DEMO_DATABASE
OWNER_SQL = ADDONS / "healthcare_integration_base/data/audit_owner.sql"
NOT_INSTALLED = {"tests", "readme", "docs", "static", "__pycache__"}
# Copies of a database do not take Odoo's file store along, so test databases keep files inside.
FILES_INSIDE = """
env['ir.config_parameter'].set_param('ir_attachment.location', 'db')
env['ir.attachment'].force_storage()
env.cr.commit()
"""


def manifests() -> dict[str, dict[str, Any]]:
    """Our installable addons and their manifests."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(ADDONS.glob("*/__manifest__.py")):
        try:
            manifest = ast.literal_eval(path.read_text())
        except (ValueError, SyntaxError):
            raise SetupError(f"{path} is no valid manifest") from None
        if manifest.get("installable", True):
            found[path.parent.name] = manifest
    return found


def core_modules(ours: dict[str, dict[str, Any]]) -> list[str]:
    """Odoo's own modules that our addons stand on."""
    named = {name for manifest in ours.values() for name in manifest.get("depends", ())}
    return sorted((named | set(CORE_MODULES)) - set(ours))


def content(ours: Iterable[str]) -> str:
    """A hash of all that an installation of our addons reads."""
    parts: list[bytes | str] = []
    for name in sorted(ours):
        for path in sorted((ADDONS / name).rglob("*")):
            inside = path.relative_to(ADDONS / name).parts
            if path.is_file() and not NOT_INSTALLED.intersection(inside):
                parts += [str(path.relative_to(ADDONS)), path.read_bytes()]
    return common.digest(parts)


def exists(server: Server, name: str) -> bool:
    """Whether there is such a database."""
    names = postgres.query(server, "SELECT datname FROM pg_database").splitlines()
    return name in names


def drop(server: Server, name: str) -> None:
    """Remove a database, with the connections that others still hold."""
    run(
        ["dropdb", "--if-exists", "--force", name],
        f"removing the database {name}",
        env=server.env(),
    )


def copy(server: Server, source: str, target: str) -> None:
    """A fresh copy of a database nobody works in."""
    drop(server, target)
    command = ["createdb", "-T", source, target]
    run(command, f"copying {source} to {target}", env=server.env())


def rename(server: Server, source: str, target: str) -> None:
    """Put a finished database in its place, so that no half-built one is ever used."""
    drop(server, target)
    postgres.query(server, f'ALTER DATABASE "{source}" RENAME TO "{target}"')


def odoo(server: Server, conf: Path, database: str, *options: str) -> None:
    """One run of Odoo that installs or updates and stops; a logged error is a failure."""
    log = LOGS / f"{database}.log"
    log.unlink(missing_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    command = [venv.ODOO, "server", "-c", conf, "-d", database, "--no-http", "--stop-after-init"]
    what = f"Odoo's set-up of {database} (its log is {log})"
    try:
        run([*command, f"--logfile={log}", *options], what, env=config.environment(server))
    except SetupError as error:
        raise SetupError(reason(log) or str(error)) from None
    if found := reason(log):
        raise SetupError(found)


def reason(log: Path) -> str:
    """What an Odoo run died of, in one line: the last traceback's end, else the first error."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    blocks: list[list[str]] = []
    for line in lines:
        if line[:4].isdigit() or not blocks:
            blocks.append([])
        blocks[-1].append(line)
    bad = [block for block in blocks if " ERROR " in block[0] or " CRITICAL " in block[0]]
    if not bad:
        return ""
    traced = [block for block in bad if len(block) > 1]
    ends = [line for line in traced[-1] if line.strip()] if traced else bad[0]
    detail = ends[-1].strip() if traced else ends[0].partition(": ")[2]
    return f"Odoo's set-up failed: {detail[:300]} (see {log})"


def shell(server: Server, conf: Path, database: str, code: str) -> None:
    """Run a few lines in Odoo's shell."""
    command = [venv.ODOO, "shell", "-c", conf, "-d", database, "--no-http"]
    command.append(f"--logfile={LOGS / 'shell.log'}")
    run(command, f"preparing {database}", env=config.environment(server), stdin=code)


def protect_audit(server: Server, database: str) -> None:
    """Give the audit trail an owner that is not Odoo's role; that takes a superuser."""
    if not OWNER_SQL.exists():
        return
    if not server.private:
        say(f"run {OWNER_SQL.relative_to(common.REPO)} in {database} as a superuser, once")
        return
    options = ("-XqAt", "-v", "ON_ERROR_STOP=1", "-f", str(OWNER_SQL))
    env = server.env(superuser=True)
    run(["psql", *options, "-d", database], "protecting the audit trail", env=env)


def ensure_core(tree: OdooTree, server: Server, conf: Path, modules: list[str]) -> None:
    """A database with nothing but Odoo's own modules; the slow part of every other."""
    wanted = common.digest([str(tree.python_path), *modules])
    if exists(server, CORE) and common.read_stamp(CORE) == wanted:
        return
    say(f"building {CORE} with {', '.join(modules)} (about a minute, once)")
    building = f"{CORE}_new"
    drop(server, building)
    odoo(server, conf, building, "-i", ",".join(modules))
    shell(server, conf, building, FILES_INSIDE)
    rename(server, building, CORE)
    common.write_stamp(CORE, wanted)


def ensure_template(tree: OdooTree, server: Server, conf: Path) -> None:
    """The database with our addons, without demo data, that every test copies."""
    ours = manifests()
    ensure_core(tree, server, conf, core_modules(ours))
    wanted = common.digest([common.read_stamp(CORE), content(ours)])
    if exists(server, TEMPLATE) and common.read_stamp(TEMPLATE) == wanted:
        return
    say(f"building {TEMPLATE} with {', '.join(ours) or 'no addon yet'}")
    building = f"{TEMPLATE}_new"
    copy(server, CORE, building)
    if ours:
        odoo(server, conf, building, "-i", ",".join(ours))
    protect_audit(server, building)
    rename(server, building, TEMPLATE)
    common.write_stamp(TEMPLATE, wanted)


def demo_current(server: Server) -> bool:
    """Whether the demo database is there and knows the addons as they are now."""
    return exists(server, DEMO) and common.read_stamp(DEMO) == content(manifests())


def ensure_demo(server: Server, conf: Path) -> None:
    """The demo database; its data stays when addons change, they are updated in it."""
    ours = ",".join(manifests())
    if not ours:
        raise SetupError("there is no addon in addons/")
    wanted = content(manifests())
    if exists(server, DEMO):
        say(f"updating {DEMO}")
        odoo(server, conf, DEMO, "-i", ours, "-u", ours)
    else:
        say(f"building {DEMO} with demo data (two or three minutes, once)")
        building = f"{DEMO}_new"
        drop(server, building)
        odoo(server, conf, building, "-i", ours, "--with-demo")
        shell(server, conf, building, FILES_INSIDE)
        rename(server, building, DEMO)
    protect_audit(server, DEMO)
    common.write_stamp(DEMO, wanted)
