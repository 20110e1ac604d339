# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The registered error that an exception of any layer amounts to, and where it happened."""

import logging

import psycopg2
from psycopg2.errors import LockNotAvailable, ReadOnlySqlTransaction
from psycopg2.pool import PoolError

from ..messaging.errors import MessageError

_logger = logging.getLogger(__name__)
AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError, PoolError, ReadOnlySqlTransaction)
AT_FAULT = (psycopg2.DataError, psycopg2.IntegrityError)
AWAY_RETRY_SECONDS = 5
UPGRADE_RETRY_SECONDS = 15


def as_message_error(exc):
    """What the sender is told of an exception."""
    if isinstance(exc, MessageError):
        return exc
    if isinstance(exc, LockNotAvailable):
        return MessageError("database_upgrading", retry_after=UPGRADE_RETRY_SECONDS)
    if isinstance(exc, AWAY):
        return MessageError("database_unavailable", retry_after=AWAY_RETRY_SECONDS)
    log_place(exc)
    if isinstance(exc, psycopg2.Error) and not isinstance(exc, AT_FAULT):
        # Code and tables do not fit each other: an update is on its way.
        return MessageError("database_upgrading", retry_after=UPGRADE_RETRY_SECONDS)
    return MessageError("internal_error")


def log_place(exc):
    """Where an unforeseen error happened; its text may quote the body, so not that."""
    trace, places = exc.__traceback__, []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    _logger.error("Unforeseen %s: %s", type(exc).__name__, " > ".join(places[-8:]))
