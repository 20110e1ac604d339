"""Databases with nothing but Odoo in them, and what an addon has put into one."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from hcdev import common, config, database
from hcdev.postgres import Cluster, Server

from . import cluster as clusters
from . import demo
from .machine import READY_WITHIN, Machine

EMPTY = "hc_empty"
OURS = r"(^|_)hc_|healthcare"
# Of the pinned packages and of Odoo's own modules, not of ours.
# Odoo cleans up for ten seconds at the most; a busy machine may do nothing in that time.
NOT_OURS = re.compile(r" py\.warnings: |docutils|Auto-vacuum internal data.* processed no record")
# What an update may change without a loss.
VOLATILE = " - ARRAY['write_date', 'write_uid', 'signalled']"
UNINSTALL = """
env["ir.module.module"].search([("name", "=", {name!r})]).button_immediate_uninstall()
"""
# Data as people enter it: it belongs to no addon.
PEOPLES_OWN = "UPDATE ir_model_data SET module = '__people__' WHERE id > %s AND module IN %s"
LEFT_IN_SCHEMA = """
SELECT 'column ' || table_name || '.' || column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND (table_name ~ %(ours)s OR column_name ~ %(ours)s)
UNION ALL
SELECT 'relation ' || relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relname ~ %(ours)s
UNION ALL
SELECT 'constraint ' || conname FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND conname ~ %(ours)s
UNION ALL
SELECT 'function ' || proname FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace AND proname ~ %(ours)s
"""
LEFT_IN_ODOO = """
SELECT 'xmlid ' || module || '.' || name FROM ir_model_data
 WHERE module IN %(names)s OR model LIKE 'hc.%%'
    OR (name ~ %(ours)s AND model NOT LIKE 'ir.module.%%')
UNION ALL SELECT 'model ' || model FROM ir_model WHERE model LIKE 'hc.%%'
UNION ALL SELECT 'field ' || model || '.' || name FROM ir_model_fields
 WHERE model LIKE 'hc.%%' OR relation LIKE 'hc.%%' OR name ~ %(ours)s
UNION ALL SELECT 'cron ' || cron_name FROM ir_cron WHERE cron_name LIKE 'Healthcare%%'
UNION ALL SELECT 'server action ' || id FROM ir_act_server
 WHERE code ~ '_cron_drain|_cron_run|hc_' OR name::text LIKE 'Healthcare%%'
UNION ALL SELECT 'action ' || id FROM ir_act_window WHERE res_model LIKE 'hc.%%'
UNION ALL SELECT 'menu ' || id FROM ir_ui_menu WHERE web_icon ~ %(ours)s
UNION ALL SELECT 'view ' || name FROM ir_ui_view
 WHERE model LIKE 'hc.%%' OR arch_db::text ~ 'hc_|hc\\.' OR arch_fs ~ %(ours)s
UNION ALL SELECT 'filter ' || id FROM ir_filters WHERE model_id LIKE 'hc.%%'
UNION ALL SELECT 'parameter ' || key FROM ir_config_parameter WHERE key ~ '^(hc|healthcare)'
UNION ALL SELECT 'group ' || id FROM res_groups_privilege WHERE name::text ~ 'Healthcare'
UNION ALL SELECT 'asset ' || name FROM ir_attachment
 WHERE res_model LIKE 'hc.%%' OR url LIKE '/healthcare_integration_base/%%'
"""
CHATTER = """
UNION ALL SELECT 'chatter ' || id FROM mail_message WHERE model LIKE 'hc.%%'
UNION ALL SELECT 'follower ' || id FROM mail_followers WHERE res_model LIKE 'hc.%%'
UNION ALL SELECT 'activity ' || id FROM mail_activity WHERE res_model LIKE 'hc.%%'
"""


class BareMachine(Machine):
    """A server that may or may not have our addons."""

    def wait_ready(self, within: float = READY_WITHIN) -> None:
        """Wait until Odoo lets people in."""
        deadline = time.monotonic() + within
        while self._page() != 200:
            assert time.monotonic() < deadline, f"no answer at {self.base_url}: see {self.log}"
            time.sleep(0.2)

    def _page(self) -> int | None:
        try:
            return requests.get(f"{self.base_url}/web/login", timeout=60).status_code
        except requests.RequestException:
            return None


@dataclass
class Bare:
    """A PostgreSQL with a database of Odoo alone, to be copied."""

    cluster: Cluster
    server: Server

    def machine(self, name: str, **options: object) -> BareMachine:
        """Odoo on a fresh copy of the empty database."""
        folder = common.WORK / "bare" / name
        machine = BareMachine(folder, self.server, f"hc_{name}", options=options)
        machine.stop()
        database.copy(self.server, EMPTY, machine.database)
        return machine


@contextlib.contextmanager
def running() -> Iterator[Bare]:
    """A cluster of its own, for as long as it is needed."""
    cluster, server = clusters.make("bare", fresh=True)
    try:
        config.ensure_key()
        machine = Machine(common.WORK / "bare/empty", server, EMPTY)
        database.drop(server, EMPTY)
        machine.odoo("-i", "base", "--without-demo")
        # Copies of a database do not take the file store along.
        machine.shell(database.FILES_INSIDE, "keeping files in the database")
        yield Bare(cluster, server)
    finally:
        clusters.remove(cluster)


@contextlib.contextmanager
def quiet(machine: Machine) -> Iterator[None]:
    """Neither a run of Odoo nor a shell may warn or fail in its log."""
    logs = [machine.folder / name for name in ("setup.log", "shell.log", "odoo.log")]
    for log in logs:
        log.unlink(missing_ok=True)
    yield
    lines = [line for log in logs if log.exists() for line in log.read_text().splitlines()]
    bad = re.compile(r"^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) ")
    found = [line for line in lines if bad.match(line) and not NOT_OURS.search(line)]
    assert not found, "\n".join(found)


def load_world(machine: Machine, names: list[str]) -> None:
    """The demo hospital, as if people had entered it."""
    last = machine.sql("SELECT max(id) FROM ir_model_data")[0][0]
    machine.shell(demo.load_code(names), "loading the demo data")
    machine.sql(PEOPLES_OWN, last, tuple(names))
    machine.sql("UPDATE ir_module_module SET demo = false")


def uninstall(machine: Machine, name: str) -> None:
    """As the button does it."""
    machine.shell(UNINSTALL.format(name=name), f"removing {name}")
    assert state(machine, name) == "uninstalled"


def state(machine: Machine, name: str) -> str:
    """What Odoo says of an addon."""
    found = machine.sql("SELECT state FROM ir_module_module WHERE name = %s", name)
    return str(found[0][0]) if found else "unknown"


def left(machine: Machine, *names: str) -> list[str]:
    """Whatever is there that only our addons could have made, the audit trail excepted."""
    has_mail = machine.sql("SELECT to_regclass('mail_message')")[0][0]
    query = LEFT_IN_SCHEMA + "UNION ALL" + LEFT_IN_ODOO + (CHATTER if has_mail else "")
    connection = machine.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, {"ours": OURS, "names": names})
            return sorted(row[0] for row in cursor.fetchall())
    finally:
        connection.close()


def owned_columns(machine: Machine, name: str) -> set[tuple[str, str]]:
    """The columns that one addon alone has brought: table and column."""
    rows = machine.sql(
        "SELECT f.model, f.name FROM ir_model_fields f JOIN ir_model_data d"
        " ON d.model = 'ir.model.fields' AND d.res_id = f.id WHERE f.store"
        " GROUP BY f.model, f.name HAVING array_agg(d.module::text) = ARRAY[%s]",
        name,
    )
    return {(model.replace(".", "_"), column) for model, column in rows} & columns(machine)


def columns(machine: Machine) -> set[tuple[str, str]]:
    """All columns of all tables."""
    rows = machine.sql(
        "SELECT table_name::text, column_name::text FROM information_schema.columns"
        " WHERE table_schema = 'public'"
    )
    return set(rows)


def contents(machine: Machine, *more: str) -> dict[str, dict[Any, Any]]:
    """Each row of each table of ours, and of these tables, by its id."""
    ours = machine.sql(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
        " AND c.relname ~ '^hc_' AND a.attname = 'id'"
    )
    found = {}
    for table in sorted({row[0] for row in ours} | set(more)):
        query = f'SELECT id, to_jsonb(t){VOLATILE} FROM "{table}" t'
        found[table] = dict(machine.sql(query))
    audit = "SELECT id, to_jsonb(t) FROM hc_audit.event t"
    return found | {"hc_audit.event": dict(machine.sql(audit))}


def lost(before: dict[str, dict[Any, Any]], after: dict[str, dict[Any, Any]]) -> list[str]:
    """Rows that are gone or other than they were; where a column was added, that is no loss."""
    return [
        f"{table} {key}: {row} is now {after.get(table, {}).get(key)}"
        for table, rows in before.items()
        for key, row in rows.items()
        if not row.items() <= (after.get(table, {}).get(key) or {}).items()
    ]
