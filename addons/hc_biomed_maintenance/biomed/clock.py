# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Working time: from a moment so many working hours on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]


def after(intervals: Sequence[Interval], start: datetime, hours: float) -> datetime | None:
    """When ``hours`` of working time have passed since ``start``.

    :param intervals: working time, ascending, without overlap, all aware of their zone
    :return: None when the intervals end before; with no hours the next working moment
    """
    left = timedelta(hours=hours)
    position = bisect_right(intervals, start, key=lambda interval: interval[1])
    for opens, closes in intervals[position:]:
        begin = max(opens, start)
        if left <= closes - begin:
            return begin + left
        left -= closes - begin
    return None
