# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The breaker's row: one for all workers and machines, changed by whoever holds it."""

from ...messaging.breaker import Breaker, State

READ = (
    "SELECT breaker_state, breaker_failures, breaker_trips, breaker_until,"
    " now() AT TIME ZONE 'UTC' FROM hc_endpoint WHERE id = %s"
)


def read(cr, endpoint_id, lock=False):
    """The breaker and the database's time; with ``lock`` it is held until the commit.

    :raise psycopg2.errors.SerializationFailure: locked, but changed since the snapshot
    """
    cr.execute(f"{READ} FOR NO KEY UPDATE" if lock else READ, [endpoint_id], log_exceptions=False)
    state, failures, trips, until, now = cr.fetchone()
    return Breaker(State(state), failures or 0, trips or 0, until), now


def write(cr, endpoint_id, breaker):
    """Keep the breaker, of which :func:`read` has the lock."""
    cr.execute(
        "UPDATE hc_endpoint SET breaker_state = %s, breaker_failures = %s, breaker_trips = %s,"
        " breaker_until = %s WHERE id = %s",
        [breaker.state, breaker.failures, breaker.trips, breaker.until, endpoint_id],
    )


def take_probe(cr, endpoint_id, lease_seconds):
    """Be the one who probes: exactly one of all who try gets it.

    In the transaction that puts the probe on its way; whoever comes second finds another
    state, or a serialization failure.
    """
    cr.execute(
        "UPDATE hc_endpoint SET breaker_state = 'half_open',"
        " breaker_until = now() AT TIME ZONE 'UTC' + %s * interval '1 second'"
        " WHERE id = %s AND breaker_state <> 'closed'"
        " AND (breaker_until IS NULL OR breaker_until <= now() AT TIME ZONE 'UTC')",
        [lease_seconds, endpoint_id],
        log_exceptions=False,
    )
    return cr.rowcount == 1
