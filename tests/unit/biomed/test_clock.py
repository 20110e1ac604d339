# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import UTC, datetime

import pytest
from biomed.clock import after


def at(day, hour):
    return datetime(2026, 11, day, hour, tzinfo=UTC)


WEEK = [
    (at(day, first), at(day, last))
    for day in (19, 20, 23, 24)  # Thursday, Friday, Monday, Tuesday
    for first, last in ((8, 12), (13, 17))
]


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        (at(19, 9), 2, at(19, 11)),
        (at(19, 9), 3, at(19, 12)),
        (at(19, 9), 4, at(19, 14)),
        (at(19, 12), 1, at(19, 14)),
        (at(19, 20), 1, at(20, 9)),
        (at(20, 16), 2, at(23, 9)),
        (at(21, 3), 8, at(23, 17)),
        (at(20, 18), 0, at(23, 8)),
        (at(19, 8), 32, at(24, 17)),
        (at(19, 8), 33, None),
        (at(25, 8), 1, None),
    ],
)
def test_after(start, hours, expected):
    assert after(WEEK, start, hours) == expected
