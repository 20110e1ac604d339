# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Waking a lane without a lost signal and without a trigger per message (ADR 0002).

A signal is seen by others only once it is committed, hence the commits of this module.
"""

import logging
import time

import psycopg2

from odoo import SUPERUSER_ID, api

from . import alone

_logger = logging.getLogger(__name__)
RETRIES = 10
COALESCE_SECONDS = 0.3
_signalled_at = {}
RAISE_SIGNAL = (
    "UPDATE hc_lane SET signalled = true WHERE id = %s AND signalled IS NOT TRUE RETURNING id"
)


def wake_lanes(cr, lane_ids, force=False):
    """Signal lanes whose messages are committed already.

    A process that has signalled a lane just now need not do so again: the drain that
    answers, whenever it begins, goes on looking for longer than that
    (:data:`.drain.LINGER_SECONDS`).

    The cursor has just been committed: a new snapshot is needed, or a drain that cleared
    the signal meanwhile would not be seen. It is committed again. A signal that cannot be
    given is found by the lane's sweep within a minute, so it is never worth failing a
    request for.
    """
    for lane_id in lane_ids:
        key, now = (cr.dbname, lane_id), time.monotonic()
        if not force and now - _signalled_at.get(key, -COALESCE_SECONDS) < COALESCE_SECONDS:
            continue
        try:
            _wake(cr, lane_id)
            _signalled_at[key] = now
        except psycopg2.Error as error:
            _logger.warning("Lane %s is woken by its sweep: %s", lane_id, type(error).__name__)


def _wake(cr, lane_id):
    """The first signal since the last drain also has a drain started."""
    if _signal(cr, lane_id):
        api.Environment(cr, SUPERUSER_ID, {})["hc.lane"].browse(lane_id)._start_drains()
        cr.commit()  # pylint: disable=invalid-commit


def _signal(cr, lane_id):
    """Raise the signal; says whether it was down."""
    if alone.is_possible(cr):
        with alone.statement(cr):
            return _raise(cr, lane_id)
    is_news = _raise(cr, lane_id)
    cr.commit()  # pylint: disable=invalid-commit
    return is_news


def _raise(cr, lane_id):
    cr.execute(RAISE_SIGNAL, [lane_id], log_exceptions=False)
    return cr.fetchone() is not None


def clear_signal(cr, lane_id):
    """Take the signal down before looking for work: what is committed later signals anew."""
    for _attempt in range(RETRIES):
        try:
            cr.execute(
                "UPDATE hc_lane SET signalled = false WHERE id = %s AND signalled",
                [lane_id],
                log_exceptions=False,
            )
            cr.commit()  # pylint: disable=invalid-commit
            return
        except psycopg2.errors.SerializationFailure:
            cr.rollback()
