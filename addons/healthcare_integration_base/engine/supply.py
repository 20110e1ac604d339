# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A mapping that is supplied while its message is just being handled.

The handler does not see it yet, and whoever supplied it does not see the issue yet: each
looks in a snapshot that is older than the other's commit. So both look once more after
their own commit: the handler by :func:`resume_supplied`, ``hc.issue._fixed_many`` by
:func:`look_again`.
"""

import logging
import random
import time

import psycopg2

from odoo import SUPERUSER_ID, api

_logger = logging.getLogger(__name__)
TRIES = 8
FIRST_WAIT = 0.02
LOST = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected)


def missing(env, items):
    """What the messages in review wait for, and how the database stood for each.

    :return: dict of message id to (need, stamp) pairs, for :func:`resume_supplied`.
    """
    needs = {
        item.message_id: {
            (item.system_id, item.channel.id, one.fix)
            for one in item.occurrences
            if one.fix is not None and one.fix.kind != "none"
        }
        for item in items
        if item.state == "review"
    }
    stamps = _stamps(env, {need for found in needs.values() for need in found})
    return {
        message_id: {need: stamps[need] for need in found}
        for message_id, found in needs.items()
        if found
    }


def resume_supplied(env, waiting):
    """Resume the messages for which something has changed since :func:`missing`.

    Only a change resumes, so a mapping that does not help is not tried again and again.
    """
    if not waiting:
        return
    env.invalidate_all(flush=False)
    now = _stamps(env, {need for found in waiting.values() for need in found})
    changed = [
        message_id
        for message_id, found in waiting.items()
        if any(now[need] != stamp for need, stamp in found.items())
    ]
    if changed:
        env["hc.message"].browse(changed)._sudo_resume()
    env.cr.commit()  # pylint: disable=invalid-commit


def _stamps(env, needs):
    return {need: env["hc.issue"]._supply_stamp(*need) for need in needs}


def look_again(registry, kind, keys_list):
    """Resume what has come to wait for this fix while it was being supplied.

    It runs after the fix is committed, so it repeats what it loses to a drain by itself and
    never fails its caller, whose work is done.
    """
    for tried in range(TRIES):
        try:
            with registry.cursor() as cr:
                api.Environment(cr, SUPERUSER_ID, {})["hc.issue"]._resume_fixed(kind, keys_list)
            return
        except LOST:
            most = FIRST_WAIT * 2**tried
            time.sleep(random.uniform(0, most))  # nosec B311  # no secret, only apart
    _logger.warning(
        "What waits for a fix of kind %s could not be resumed for others' writing."
        " Its messages stay in review: retry them.",
        kind,
    )
