# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from messaging import when

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "at", "day"),
    [
        ("2026-11-22T08:30:00Z", datetime(2026, 11, 22, 8, 30), date(2026, 11, 22)),
        ("2026-11-21T23:30:00Z", datetime(2026, 11, 21, 23, 30), date(2026, 11, 22)),
        ("2026-11-22T00:30:00", datetime(2026, 11, 21, 23, 30), date(2026, 11, 22)),
        ("2026-11-22T03:00:00-05:00", datetime(2026, 11, 22, 8, 0), date(2026, 11, 22)),
        ("2026-11-20", datetime(2026, 11, 20, 11, 0), date(2026, 11, 20)),
        ("2026-11-22", datetime(2026, 11, 22, 9, 0), date(2026, 11, 22)),
        ("2026-07-01T12:00:00", datetime(2026, 7, 1, 10, 0), date(2026, 7, 1)),
    ],
)
def test_read(text, at, day):
    assert when.read(text, BERLIN, NOW) == when.When(at, day)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "2026-02-30", "gestern"])
def test_no_time_to_reckon_with(text):
    assert when.read(text, BERLIN, NOW) is None


@pytest.mark.parametrize(
    ("delta", "limit", "expected"),
    [
        (timedelta(minutes=9), 365, False),
        (timedelta(minutes=11), 365, True),
        (timedelta(days=-364), 365, False),
        (timedelta(days=-366), 365, True),
        (timedelta(days=-9000), 0, False),
        (timedelta(days=-9900), 0, True),
        (timedelta(minutes=11), 0, True),
    ],
)
def test_plausible(delta, limit, expected):
    moment = when.of(NOW + delta, BERLIN)
    assert when.is_implausible(moment, NOW, limit) is expected
