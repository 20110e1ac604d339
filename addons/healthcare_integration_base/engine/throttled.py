# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Refusals for want of rate or room come in floods: the trail gets their number.

An entry for each would have a system that sends too much write as much as one that is let
in. The first of a kind is told at once, the others are added up for a while.
"""

import time

from ..messaging.errors import spec

TOLD_EVERY_SECONDS = 10
_told_at = {}
_untold = {}


def gathered(dbname, system_id, counts):
    """What is to be told now of these refusals.

    :param counts: how many refusals, by code.
    :return: the same, without those that are told later and with those of before.
    """
    due = {code: _due(dbname, system_id, code, count) for code, count in counts.items()}
    return {code: told for code, told in due.items() if told}


def _due(dbname, system_id, code, count):
    if spec(code).status != 429:
        return count
    key, now = (dbname, system_id, code), time.monotonic()
    _untold[key] = _untold.get(key, 0) + count
    if now - _told_at.get(key, -TOLD_EVERY_SECONDS) < TOLD_EVERY_SECONDS:
        return 0
    _told_at[key] = now
    return _untold.pop(key)
