# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is refused leaves a trace.

Refusals of a system that has proven itself are events of their own. Of a caller that has not,
one event for each code and minute says how many they were, with the credential that was named,
if there is such a one: strangers must not be able to fill the trail.
"""

import logging
from collections import Counter

import psycopg2

from . import throttled

_logger = logging.getLogger(__name__)


def record(env, system, errors):
    """Add refusals of a system to the audit trail, one event for each code.

    The environment's cursor is rolled back before and committed after.
    """
    who = {
        "action": "message.refused",
        "user_id": system.user_id,
        "system_id": system.id,
        "company_id": system.company_id,
    }
    told = Counter(error.code for error in errors)
    _append(env, who, throttled.gathered(env.cr.dbname, system.id, told))


def record_unproven(env, credential, errors):
    """Add refusals of somebody who has not proven who they are.

    :param credential: which they named, none when it is not known
    """
    told = Counter(error.code for error in errors)
    if credential is None:
        who = {"action": "request.refused", "user_id": None}
        _append(env, who, throttled.added_up(env.cr.dbname, None, told))
        return
    who = {
        "action": "request.refused",
        "user_id": None,
        "object": f"hc.credential,{credential.id}",
        "system_id": credential.system.id,
        "company_id": credential.system.company_id,
    }
    _append(env, who, throttled.added_up(env.cr.dbname, ("credential", credential.id), told))


def _append(env, who, counts):
    if not counts:
        return
    cr = env.cr
    try:
        cr.rollback()
        env["hc.audit.event"]._append(
            [
                {**who, "outcome": "refused", "code": code, "count": count}
                for code, count in counts.items()
            ]
        )
        cr.commit()  # pylint: disable=invalid-commit
    except psycopg2.Error as error:
        # The refusal stands, and its sender is told; only its trace is missing.
        _logger.error("Refusals without a trace: %s, %s", dict(counts), type(error).__name__)
