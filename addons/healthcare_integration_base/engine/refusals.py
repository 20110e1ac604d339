# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is refused leaves a trace, as soon as its sender is known.

Who is not known leaves none: strangers must not be able to fill the trail.
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
    if not errors:
        return
    told = Counter(error.code for error in errors)
    counts = throttled.gathered(env.cr.dbname, system.id, told)
    if not counts:
        return
    try:
        _append(env, system, counts)
    except psycopg2.Error as error:
        # The refusal stands, and its sender is told; only its trace is missing.
        _logger.error("Refusals without a trace: %s, %s", dict(counts), type(error).__name__)


def _append(env, system, counts):
    cr = env.cr
    cr.rollback()
    env["hc.audit.event"]._append(
        [
            {
                "action": "message.refused",
                "outcome": "refused",
                "user_id": system.user_id,
                "system_id": system.id,
                "company_id": system.company_id,
                "code": code,
                "count": count,
            }
            for code, count in counts.items()
        ]
    )
    cr.commit()  # pylint: disable=invalid-commit
