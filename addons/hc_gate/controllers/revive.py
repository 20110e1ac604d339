# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A worker's connections that died with PostgreSQL, thrown out before anybody is refused.

After a crash Odoo's pool gives a dead connection to one request each: resetting it raises a
plain ``DatabaseError``, and the pool expects an ``OperationalError`` there. Each dead one is
found by trying it, once, and is gone then; new connections are added behind them. So the
first connection that works has all the dead ones behind it.

A request that failed so early has done nothing yet: it is served again, on a connection
that lives.
"""

import logging
from contextlib import closing

import psycopg2

from odoo.http import RegistryError
from odoo.sql_db import db_connect
from odoo.tools import config

_logger = logging.getLogger(__name__)
FIRST_WORK = "retrying"
"""Odoo's function within which routes run: a traceback without it has not come so far."""
REFUSALS = 3
"""So often in a row a database that takes no connection is asked."""
TRIES = 3


def revive(database):
    """Throw out dead connections to a database.

    :return: whether there is one now that works.
    """
    refused = 0
    for found in range(config["db_maxconn"] + REFUSALS):
        try:
            with closing(db_connect(database).cursor()) as cr:
                cr.execute("SELECT 1")
        except psycopg2.OperationalError:
            # Away, or a dead connection that told so only when it was used.
            refused += 1
            if refused == REFUSALS:
                return False
            continue
        except psycopg2.Error:
            continue
        if found:
            _logger.info("Threw out %s dead connections to %s", found, database)
        return True
    return False


def nothing_done(exc):
    """Whether a request failed before any route began to work on it."""
    trace = exc.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == FIRST_WORK:
            return False
        trace = trace.tb_next
    return True


def met_dead_connection(exc):
    """Whether a request failed on its connection, before it did anything."""
    is_of_database = isinstance(exc, (psycopg2.Error, RegistryError))
    return is_of_database and nothing_done(exc)


def served_again(request, exc):
    """The answer of a further try, for a request that met a dead connection.

    :return: the response, or none: the database is away, or this was not the reason.
    """
    for _try in range(TRIES):
        if not (request.db and met_dead_connection(exc) and revive(request.db)):
            return None
        try:
            return request._serve_db()
        except (psycopg2.Error, RegistryError) as again:
            _logger.warning("A request met a dead connection again: %s", type(again).__name__)
            exc = again
    return None
