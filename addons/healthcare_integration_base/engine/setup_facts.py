# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the set-up check judges, read from this process, PostgreSQL, and the clock.

Nothing here changes anything, and nothing reads a message's content.
"""

import ctypes
import logging
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

from odoo.http import request
from odoo.tools import config

from ..messaging.setup.facts import (
    ClockFacts,
    KeyFacts,
    PostgresFacts,
    RequestFacts,
    ServerFacts,
)
from ..messaging.setup.server import TALKATIVE

SHIPPED = "admin"
SETTINGS = (
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "log_min_error_statement",
    "log_parameter_max_length_on_error",
    "log_statement",
    "log_min_duration_statement",
    "log_min_duration_sample",
)
LATEST = 1000
CLOCK_ERROR = 5
"""What adjtimex(2) returns for a clock that nothing keeps (TIME_ERROR)."""
TIMEX_BYTES = 512
"""More than struct timex has on any platform."""
SENDERS = """
SELECT max(extract(epoch FROM m.event_time - m.create_date))
  FROM (SELECT event_time, create_date FROM hc_message ORDER BY id DESC LIMIT %s) m
 WHERE m.create_date > (now() AT TIME ZONE 'UTC') - interval '1 day'
"""
ROLES = """
SELECT current_user, r.rolsuper,
       inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr(),
       coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
       (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = to_regclass('hc_audit.event'))
  FROM pg_roles r WHERE r.rolname = current_user
"""
LISTENERS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = 'postgres' AND usename = current_user AND pid <> pg_backend_pid()
   AND application_name LIKE 'odoo-%'
"""
"""Each cron worker of Odoo waits for notifications on a connection to ``postgres``."""


def server_facts():
    """Odoo's configuration as this process has it, and the log levels that really hold."""
    loud = [name for name in TALKATIVE if logging.getLogger(name).isEnabledFor(logging.DEBUG)]
    return ServerFacts(
        workers=config["workers"],
        server_wide=frozenset(config["server_wide_modules"]),
        databases=tuple(config["db_name"]),
        dbfilter=config["dbfilter"] or "",
        list_db=bool(config["list_db"]),
        proxy_mode=bool(config["proxy_mode"]),
        dev_mode=tuple(config["dev_mode"] or ()),
        default_master_password=config.verify_admin_password(SHIPPED),
        log_level=config["log_level"],
        log_handlers=tuple(f"{name}:DEBUG" for name in loud),
        log_db=config["log_db"] or "",
        limit_time_cpu=config["limit_time_cpu"],
        limit_time_real=config["limit_time_real"],
        limit_time_real_cron=config["limit_time_real_cron"],
        test_enable=bool(config["test_enable"]),
    )


def request_facts(base_url):
    """The request that is served right now."""
    if not request:
        return RequestFacts(base_url=base_url, present=False)
    headers = request.httprequest.headers
    return RequestFacts(
        base_url=base_url,
        scheme=urlsplit(request.httprequest.url).scheme,
        forwarded_proto=headers.get("X-Forwarded-Proto", ""),
        forwarded_for=bool(headers.get("X-Forwarded-For")),
    )


def key_facts(origin, path, is_usable):
    """Where the master key comes from, and who can reach its file.

    :param path: its file, none where there is none
    """
    if path is None:
        return KeyFacts(origin=origin, is_usable=is_usable, mode=None)
    try:
        found = Path(path).stat()
    except OSError:
        return KeyFacts(origin=origin, is_usable=is_usable, mode=None, is_own=False)
    data = Path(config["data_dir"]).resolve()
    return KeyFacts(
        origin=origin,
        is_usable=is_usable,
        mode=found.st_mode & 0o777,
        is_own=found.st_uid in (0, os.geteuid()),
        in_data_dir=Path(path).resolve().is_relative_to(data),
    )


def postgres_facts(cr, trail_is_old):
    """Settings that matter, and who may do what with the audit trail."""
    cr.execute(
        "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
        [list(SETTINGS)],
    )
    settings = dict(cr.fetchall())
    cr.execute(ROLES)
    role, is_superuser, is_local, uses_tls, owner = cr.fetchone()
    may_become = False
    if owner and owner != role:
        cr.execute("SELECT pg_has_role(%s::name, %s::name, 'MEMBER')", [role, owner])
        may_become = cr.fetchone()[0]
    return PostgresFacts(
        settings=settings,
        role=role,
        is_superuser=is_superuser,
        audit_owner=owner or "",
        may_become_owner=may_become,
        trail_is_old=trail_is_old,
        is_local=is_local,
        uses_tls=uses_tls,
    )


def clock_facts(cr):
    """This machine's clock against the database's and the senders'."""
    before = time.time()
    cr.execute("SELECT extract(epoch FROM clock_timestamp())")
    database = float(cr.fetchone()[0]) - (before + time.time()) / 2
    cr.execute(SENDERS, [LATEST])
    ahead = cr.fetchone()[0]
    return ClockFacts(
        database=database,
        senders=None if ahead is None else float(ahead),
        is_synchronized=_is_synchronized(),
    )


def cron_workers(cr):
    """How many processes wait for scheduled work on this database's server."""
    cr.execute(LISTENERS)
    return cr.fetchone()[0]


def _is_synchronized():
    """What the kernel says of its clock; it is only asked (modes is 0)."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != CLOCK_ERROR
