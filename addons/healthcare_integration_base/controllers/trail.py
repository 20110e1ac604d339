# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is refused leaves a trace too, as soon as its sender is known.

Who is not known leaves none: strangers must not be able to fill the trail.
"""

import logging
from collections import Counter

import psycopg2

from odoo.http import request

from . import throttled

_logger = logging.getLogger(__name__)


def known(caller):
    """Remember who calls, for the refusals of this request."""
    request.hc_caller = caller
    return caller


def refused(errors):
    """Add refusals to the audit trail, one event for each code."""
    caller = getattr(request, "hc_caller", None)
    if caller is None or not errors:
        return
    counts = throttled.gathered(caller, Counter(error.code for error in errors))
    if not counts:
        return
    try:
        _append(caller, counts)
    except psycopg2.Error as error:
        # The refusal stands, and its sender is told; only its trace is missing.
        _logger.error("Refusals without a trace: %s, %s", dict(counts), type(error).__name__)


def _append(caller, counts):
    cr = caller.env.cr
    cr.rollback()
    caller.env["hc.audit.event"]._append(
        [
            {
                "action": "message.refused",
                "outcome": "refused",
                "user_id": caller.system.user_id,
                "system_id": caller.system.id,
                "company_id": caller.system.company_id,
                "code": code,
                "count": count,
            }
            for code, count in counts.items()
        ]
    )
    cr.commit()  # pylint: disable=invalid-commit
