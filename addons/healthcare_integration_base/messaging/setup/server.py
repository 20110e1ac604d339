# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Odoo's own configuration: processes, limits, databases, logs."""

from __future__ import annotations

from .facts import Facts
from .finding import About, Finding

SERVER = "Server"
DATABASE = "Choice of the database"
LOGS = "Logs"
BATCH_SECONDS = 120
"""A batch of 10,000 events takes this long on a busy machine."""
CRON_SECONDS = 300
LEAKY_LEVELS = ("debug", "debug_sql", "debug_rpc", "debug_rpc_answer")
# Loggers of Odoo that write values of records, requests or statements when they are verbose.
TALKATIVE = ("", "odoo", "odoo.sql_db", "odoo.http", "odoo.service", "werkzeug", "odoo.addons.rpc")


def gate(facts: Facts) -> Finding:
    about = About("gate", SERVER, "database-away")
    if "hc_gate" in facts.server.server_wide:
        return about.ok("hc_gate is loaded: senders read 503 while the database is away.")
    return about.error(
        "hc_gate is not loaded. While the database is away senders read 404, and give up.",
        "Add hc_gate to server_wide_modules in odoo.conf (base,web,hc_gate) and restart.",
    )


def workers(facts: Facts) -> Finding:
    about = About("workers", SERVER)
    if facts.server.workers:
        return about.ok(f"{facts.server.workers} HTTP workers.")
    return about.error(
        "Odoo runs as one threaded process: no limit of time or memory holds in it, and an"
        " update that goes wrong takes all requests with it.",
        "Set workers in odoo.conf to about twice the cores, and run scheduled work in a second"
        " process (odoo.conf.example).",
    )


def limits(facts: Facts) -> Finding:
    about = About("limits", SERVER)
    server = facts.server
    short = [
        name
        for name, seconds, least in (
            ("limit_time_cpu", server.limit_time_cpu, BATCH_SECONDS),
            ("limit_time_real", server.limit_time_real, BATCH_SECONDS),
            ("limit_time_real_cron", server.limit_time_real_cron, CRON_SECONDS),
        )
        if 0 < seconds < least
    ]
    if not short:
        return about.ok("Requests and scheduled work have time enough.")
    return about.warning(
        f"{_and(short)} ends work that is only long: a batch of 10,000 events, a backlog.",
        "Take the values of odoo.conf.example: 300, 300 and 900 seconds.",
    )


def developer_mode(facts: Facts) -> Finding:
    about = About("developer_mode", SERVER)
    if facts.server.dev_mode:
        return about.error(
            f"Odoo was started with --dev={','.join(facts.server.dev_mode)}: errors are told"
            " with their code, and files are read anew while it runs.",
            "Start it without --dev, and take dev_mode out of odoo.conf and ODOO_DEV.",
        )
    if facts.server.test_enable:
        return about.error(
            "Odoo runs its own tests in this database.",
            "Start it without --test-enable and --test-tags.",
        )
    return about.ok("No developer mode, no tests.")


def manager_password(facts: Facts) -> Finding:
    about = About("manager_password", DATABASE)
    if not facts.server.default_master_password:
        return about.ok("The password of the database manager is not Odoo's own.")
    seen = "The password of the database manager is the one that Odoo ships with."
    fix = "Set admin_passwd in odoo.conf to a long random text."
    if facts.server.list_db:
        return about.error(f"{seen} Anybody can copy or drop the database.", fix)
    return about.warning(f"{seen} Only list_db = False stands before it.", fix)


def one_database(facts: Facts) -> Finding:
    about = About("one_database", DATABASE)
    server = facts.server
    if not server.databases:
        return about.error(
            "No database is named. A request without a cookie asks PostgreSQL for all of them,"
            " and a second database stops all senders with 404.",
            "Set db_name in odoo.conf. For several databases the proxy sets X-Odoo-Database on"
            " /hc, and strips what came in.",
        )
    if server.dbfilter:
        return about.warning(
            "There is a dbfilter: each request of a sender opens a connection more.",
            "Name the database by db_name and take dbfilter out of odoo.conf.",
        )
    return about.ok("The database is named, and there is no filter.")


def database_list(facts: Facts) -> Finding:
    about = About("database_list", DATABASE)
    if facts.server.list_db:
        return about.error(
            "The database manager is open on the web: it lists, copies and drops databases.",
            "Set list_db = False in odoo.conf.",
        )
    return about.ok("The database manager is closed.")


def log_levels(facts: Facts) -> Finding:
    about = About("log_levels", LOGS)
    server = facts.server
    loud = [server.log_level] if server.log_level in LEAKY_LEVELS else []
    loud += [one for one in server.log_handlers if _is_talkative(one)]
    if not loud:
        return about.ok("Odoo's log is at a level that writes no values.")
    return about.error(
        f"Odoo logs at {_and(sorted(set(loud)))}: SQL, requests and answers go to the log with"
        " their values, those about patients too.",
        "Set log_level = info, take the handler out of log_handler, restart, and treat the log"
        " so far as personal data.",
    )


def log_database(facts: Facts) -> Finding:
    about = About("log_database", LOGS)
    if facts.server.log_db:
        return about.warning(
            "Odoo's log goes into a database (log_db): it outlives retention, and whoever may"
            " read that database reads it.",
            "Set log_db = False and give the log to the system's own log.",
        )
    return about.ok("Odoo's log goes to no database.")


def _is_talkative(handler: str) -> bool:
    name, _colon, level = handler.rpartition(":")
    return level.upper() in ("DEBUG", "NOTSET") and name in TALKATIVE


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


CHECKS = (
    gate,
    workers,
    limits,
    developer_mode,
    one_database,
    database_list,
    manager_password,
    log_levels,
    log_database,
)
