# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Start of the process: it refuses what cannot work, in one line, and waits for what passes."""

import asyncio
import logging
import os
import signal
import threading
import time

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tools import config
from odoo.tools.sql import table_exists

from . import tls
from .front import Front
from .worker import Worker

_logger = logging.getLogger(__name__)
WAIT_SECONDS = 2
MODEL, TABLE = "hc.mllp.port", "hc_mllp_port"
# Words of the database's refusals that do not pass by waiting.
FINAL = ("does not exist", "authentication failed", "no password supplied")


class Misconfigured(Exception):
    """The process cannot do its work; the text says why, in one line."""


def main(options, check=False):
    """Serve until a signal ends it.

    :param check: only say what is wrong with the enabled ports
    :raise Misconfigured: when it cannot serve
    """
    database = _database(options)
    signal.signal(signal.SIGTERM, _end)
    threading.current_thread().dbname = database
    problems = _ready(database)
    if check:
        if problems:
            raise Misconfigured("; ".join(problems))
        return
    _logger.info("MLLP for database %s, %s threads", database, options.threads)
    asyncio.run(Front(Worker(database), options).run())
    # Not by the way of the interpreter, which waits for its threads: one of them may be waiting
    # for a database that does not answer any more. All that is due has been said.
    logging.shutdown()
    os._exit(0)


def _end(_number, _frame):
    """SIGTERM while it waits for the database."""
    raise SystemExit(0)


def _database(options):
    if options.threads < 1 or options.connections < 1:
        raise Misconfigured("--mllp-threads and --mllp-connections are at least 1")
    names = config["db_name"]
    if len(names) != 1:
        raise Misconfigured(
            "name one database: db_name in the configuration that ODOO_RC names, or -d NAME"
        )
    # One connection for each thread, one for the ports, one that Odoo takes for itself.
    if config["db_maxconn"] < options.threads + 2:
        raise Misconfigured(
            f"db_maxconn is {config['db_maxconn']}: {options.threads} threads need"
            f" {options.threads + 2} connections"
        )
    return names[0]


def _ready(database):
    """Wait for the database.

    :return: what is wrong with the enabled ports, a sentence each
    """
    told = False
    while True:
        try:
            return _problems(database)
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            words = str(error)
            if any(word in words for word in FINAL):
                raise Misconfigured(words.strip().splitlines()[-1]) from None
            if not told:
                _logger.warning("The database %s is away: waiting for it", database)
            told = True
            time.sleep(WAIT_SECONDS)


def _problems(database):
    with db_connect(database).cursor() as cr:
        if not table_exists(cr, TABLE):
            raise Misconfigured(
                f"healthcare_integration_base is not installed in the database {database},"
                " or has to be updated"
            )
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        try:
            env["hc.keyring"]._ring()
        except UserError as error:
            raise Misconfigured(str(error)) from None
        return [text for one in env[MODEL]._sudo_configs().values() if (text := _problem(one))]


def _problem(one):
    if isinstance(one, str):
        return one
    try:
        if one.tls:
            tls.context(one.tls)
    except (OSError, ValueError) as error:
        return f"port {one.port}: {tls.reason(error)}"
    return None
