# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What an exception says about the messages that were in hand: three answers.

* Another transaction was in the way (:data:`CONFLICTS`): repeat at once.
* The database refuses to work or is gone (:func:`is_database_away`): nobody is to blame.
* Anything else is the message's own failure, with a code (:func:`classify`).
"""

import logging

import psycopg2

from odoo.exceptions import AccessError, UserError

from ..messaging import errors_outcomes  # noqa: F401  registers its codes
from ..messaging.errors import MessageError, spec

_logger = logging.getLogger(__name__)

CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.UniqueViolation,
)
AWAY = ("08", "57P", "58", "53100", "53300")
"""Starts of SQLSTATE: connection lost, server stopping or starting, its system failing, disk
full, no connection left. A statement that was too long (57014) or too large (53200, 54) is
the message's."""


def is_database_away(cr, error):
    """Whether ``error`` is about the database as a whole."""
    if not isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)):
        return False
    if isinstance(error, CONFLICTS):
        return False
    if cr.closed or cr._cnx.closed:
        return True
    return error.pgcode is None or error.pgcode.startswith(AWAY)


def classify(error):
    """Code and kind of what a handler raised for one message alone."""
    code = _code_of(error)
    return code, spec(code).kind


def _code_of(error):
    if isinstance(error, MessageError):
        return error.code
    if isinstance(error, CONFLICTS):
        return "database_conflict"
    if isinstance(error, (UserError, AccessError)):
        return "handler_refused"
    if isinstance(error, (psycopg2.DataError, psycopg2.IntegrityError)):
        return "database_refused"
    if isinstance(error, psycopg2.OperationalError):
        return "database_limit"
    return "unexpected"


def log(message_id, code, error):
    """Where it happened, not what it said: the text of an error may quote the payload."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    _logger.warning(
        "Message %s failed: %s (%s at %s)", message_id, code, type(error).__name__, where
    )
