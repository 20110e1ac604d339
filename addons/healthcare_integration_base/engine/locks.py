# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Advisory locks of the engine.

They are session locks: they are taken *before* the snapshot of the transaction that
they protect (a lock taken inside a REPEATABLE READ transaction comes too late), they
outlive its rollbacks, and PostgreSQL frees them when a killed worker's connection goes.

A session lock guards transactions, so taking and freeing it ends the one at hand, hence the
commits of this module.
"""

import hashlib
from contextlib import contextmanager

import psycopg2

SHARD = "hc.shard"
WRITER = "hc.writer"


def lock_key(space, *parts):
    """Signed 64-bit key of an advisory lock, the same on every machine."""
    text = "|".join(str(part) for part in (space, *parts))
    return int.from_bytes(
        hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True
    )


@contextmanager
def session_lock(cr, key, wait_seconds=0):
    """Hold the lock ``key`` on the cursor's connection; yields whether it was had.

    :param wait_seconds: how long to wait for another holder, 0 not at all.
    """
    held = _acquire(cr, key, wait_seconds)
    try:
        yield held
    finally:
        if held:
            _release(cr, key)


def _acquire(cr, key, wait_seconds):
    cr.commit()  # pylint: disable=invalid-commit
    try:
        if not wait_seconds:
            cr.execute("SELECT pg_try_advisory_lock(%s)", [key])
            return cr.fetchone()[0]
        cr.execute("SELECT set_config('lock_timeout', %s, true)", [f"{int(wait_seconds * 1000)}ms"])
        cr.execute("SELECT pg_advisory_lock(%s)", [key], log_exceptions=False)
        return True
    except psycopg2.errors.LockNotAvailable:
        cr.rollback()
        return False
    finally:
        if not cr.closed and not cr._cnx.closed:
            cr.commit()  # pylint: disable=invalid-commit


def _release(cr, key):
    """A lost connection has freed the lock already."""
    if cr.closed or cr._cnx.closed:
        return
    cr.rollback()
    cr.execute("SELECT pg_advisory_unlock(%s)", [key])
    cr.commit()  # pylint: disable=invalid-commit
