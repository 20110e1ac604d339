# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The registered error that an exception of any layer amounts to, and where it happened."""

import logging

import psycopg2

from ..messaging.errors import MessageError

_logger = logging.getLogger(__name__)
AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError)
AWAY_RETRY_SECONDS = 5


def as_message_error(exc):
    """What the sender is told of an exception."""
    if isinstance(exc, MessageError):
        return exc
    if isinstance(exc, AWAY):
        return MessageError("database_unavailable", retry_after=AWAY_RETRY_SECONDS)
    log_place(exc)
    return MessageError("internal_error")


def log_place(exc):
    """Where an unforeseen error happened; its text may quote the body, so not that."""
    trace, places = exc.__traceback__, []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    _logger.error("Unforeseen %s: %s", type(exc).__name__, " > ".join(places[-8:]))
