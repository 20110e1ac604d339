"""When a job is due next, through changes of the clock."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from messaging.batch import schedule

VIENNA = ZoneInfo("Europe/Vienna")


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "clock", "due"),
    [
        (at(2026, 1, 10, 0, 0), time(2, 30), at(2026, 1, 10, 1, 30)),
        (at(2026, 1, 10, 1, 30), time(2, 30), at(2026, 1, 11, 1, 30)),
        (at(2026, 3, 29, 0, 0), time(2, 30), at(2026, 3, 29, 1, 30)),  # no 02:30 that night
        (at(2026, 10, 24, 23, 0), time(2, 30), at(2026, 10, 25, 0, 30)),  # twice that night
        (at(2026, 10, 25, 0, 30), time(2, 30), at(2026, 10, 26, 1, 30)),
        (at(2026, 12, 31, 23, 30), time(0, 15), at(2027, 1, 1, 23, 15)),
    ],
)
def test_next_clock(after, clock, due):
    assert schedule.next_clock(after, clock, VIENNA) == due


@pytest.mark.parametrize(
    ("text", "expected"),
    [("02:30", time(2, 30)), ("7:05", time(7, 5)), ("24:00", None), ("2.30", None), ("", None)],
)
def test_clock(text, expected):
    assert schedule.clock(text) == expected
