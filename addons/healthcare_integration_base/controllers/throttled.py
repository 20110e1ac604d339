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


def gathered(caller, counts):
    """What is to be told now of these refusals.

    :param counts: how many refusals, by code.
    :return: the same, without those that are told later and with those of before.
    """
    return {code: told for code, count in counts.items() if (told := _due(caller, code, count))}


def _due(caller, code, count):
    if spec(code).status != 429:
        return count
    key, now = (caller.env.cr.dbname, caller.system.id, code), time.monotonic()
    _untold[key] = _untold.get(key, 0) + count
    if now - _told_at.get(key, -TOLD_EVERY_SECONDS) < TOLD_EVERY_SECONDS:
        return 0
    _told_at[key] = now
    return _untold.pop(key)
