# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Refusals that come in floods: the trail gets their number.

An entry for each would have a system that sends too much, or a stranger who tries keys, write
as much as one that is let in. The first of a kind is told at once, the others are added up for
a while. What a process has added up when it ends is lost.
"""

import time

from ..messaging.errors import spec

TOLD_EVERY_SECONDS = 10
ADDED_UP_SECONDS = 60
_told_at = {}
_untold = {}


def gathered(dbname, system_id, counts):
    """What is to be told now of these refusals of a system.

    :param counts: how many refusals, by code.
    :return: the same, without those that are told later and with those of before.
    """
    due = {
        code: _due((dbname, system_id, code), count, TOLD_EVERY_SECONDS)
        if spec(code).status in (401, 429)
        else count
        for code, count in counts.items()
    }
    return {code: told for code, told in due.items() if told}


def added_up(dbname, whose, counts):
    """The same of callers who are not proven, whatever the code.

    :param whose: the credential that was named, none for an unknown one
    """
    due = {
        code: _due((dbname, whose, code), count, ADDED_UP_SECONDS) for code, count in counts.items()
    }
    return {code: told for code, told in due.items() if told}


def _due(key, count, seconds):
    now = time.monotonic()
    _untold[key] = _untold.get(key, 0) + count
    if now - _told_at.get(key, -seconds) < seconds:
        return 0
    _told_at[key] = now
    return _untold.pop(key)
