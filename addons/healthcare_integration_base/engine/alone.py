# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Statements on their own, outside of a transaction.

What is one statement needs neither BEGIN nor COMMIT, which are two of three round trips,
and no snapshot that outlives it: it waits for whoever is in its way instead of failing.
"""

from contextlib import contextmanager

from psycopg2.extensions import TRANSACTION_STATUS_IDLE


def is_possible(cr):
    """Whether the cursor has no transaction open (a test's cursor always has one)."""
    return cr._cnx.get_transaction_status() == TRANSACTION_STATUS_IDLE


@contextmanager
def statement(cr):
    """Every statement inside commits itself, at READ COMMITTED; only where
    :func:`is_possible`.

    psycopg2 carries the transaction's characteristics over into autocommit and back, with a
    round trip for each: they are taken off before and put on again after, which costs none.
    """
    connection = cr._cnx
    isolation, readonly = connection.isolation_level, connection.readonly
    connection.isolation_level = connection.readonly = None
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = False
            connection.isolation_level, connection.readonly = isolation, readonly
