# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The suite's own kind of route, ``type="hc"``.

Odoo's ``http`` dispatcher reads form bodies before the controller sees them and answers
errors that leave a controller in HTML. This one leaves the body alone and answers every
error as a problem document (RFC 9457).
"""

import logging

import psycopg2
from psycopg2.errors import LockNotAvailable, ReadOnlySqlTransaction
from psycopg2.pool import PoolError
from werkzeug.exceptions import HTTPException

from odoo.http import HttpDispatcher

from ..messaging.errors import MessageError
from . import answers

_logger = logging.getLogger(__name__)

AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError, PoolError, ReadOnlySqlTransaction)
AT_FAULT = (psycopg2.DataError, psycopg2.IntegrityError)
_BY_STATUS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    503: "database_unavailable",
}


class HcDispatcher(HttpDispatcher):
    routing_type = "hc"

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        return answers.problem(as_message_error(exc))


def as_message_error(exc):
    """The registered error that an exception of any layer amounts to."""
    if isinstance(exc, MessageError):
        return exc
    if isinstance(exc, HTTPException):
        code = _BY_STATUS.get(exc.code)
        return MessageError(code or ("internal_error" if (exc.code or 500) >= 500 else "not_found"))
    if isinstance(exc, LockNotAvailable):
        return MessageError("database_upgrading", retry_after=15)
    if isinstance(exc, AWAY):
        return MessageError("database_unavailable", retry_after=5)
    log_place(exc)
    if isinstance(exc, psycopg2.Error) and not isinstance(exc, AT_FAULT):
        # Code and tables do not fit each other: an update is on its way.
        return MessageError("database_upgrading", retry_after=15)
    return MessageError("internal_error")


def log_place(exc):
    """Where an unforeseen error happened; its text may quote the body, so not that."""
    trace, places = exc.__traceback__, []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    _logger.error("Unforeseen %s: %s", type(exc).__name__, " > ".join(places[-8:]))
