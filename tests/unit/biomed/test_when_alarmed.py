# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from biomed import when

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_read():
    assert when.read("2026-11-20T10:00:00Z", UTC) == NOW
    assert when.read("2026-11-20T11:00:00", ZoneInfo("Europe/Vienna")) == NOW
    assert when.read("2026-11-20", UTC) == NOW.replace(hour=0)
    assert when.read("0001-01-01", ZoneInfo("Asia/Tokyo")) is None
    assert when.read("soon", UTC) is None


def test_is_implausible():
    assert not when.is_implausible(NOW + timedelta(minutes=9), NOW, 0)
    assert when.is_implausible(NOW + timedelta(minutes=11), NOW, 0)
    assert when.is_implausible(NOW - timedelta(days=8), NOW, 7)
    assert not when.is_implausible(NOW - timedelta(days=800), NOW, 0)
