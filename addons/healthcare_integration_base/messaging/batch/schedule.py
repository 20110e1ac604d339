# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""When a job is due next."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def clock(text: str) -> time | None:
    """A time of day such as 02:30; none where it is not one."""
    match = _CLOCK.fullmatch(text.strip())
    return time(int(match[1]), int(match[2])) if match else None


def next_interval(after: datetime, minutes: int) -> datetime:
    """So many minutes later."""
    return after + timedelta(minutes=minutes)


def next_clock(after: datetime, at: time, zone: tzinfo) -> datetime:
    """The next moment at which clocks of ``zone`` show ``at``.

    An hour that a change to summer time leaves out counts as the one after it; one that
    comes twice counts once.

    :param after: aware
    :return: in UTC
    """
    day = after.astimezone(zone).date()
    for later in range(3):
        moment = datetime.combine(day + timedelta(days=later), at, zone).astimezone(UTC)
        if moment > after:
            return moment
    raise ValueError("no such time of day")
