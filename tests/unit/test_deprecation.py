# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from messaging.deprecation import Notice, headers

SINCE = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = SINCE + timedelta(days=1)


def test_nothing_is_said_of_what_is_in_use():
    assert headers([]) == []


def test_a_date_alone():
    assert headers([Notice(SINCE)]) == [("Deprecation", f"@{int(SINCE.timestamp())}")]


def test_sunset_and_successor():
    told = dict(headers([Notice(SINCE, LATER, "/hc/v1/contracts/a.b.v2")]))
    assert told["Sunset"] == "Wed, 25 Nov 2026 12:00:00 GMT"
    assert parsedate_to_datetime(told["Sunset"]) == LATER
    assert told["Link"] == '</hc/v1/contracts/a.b.v2>; rel="successor-version"'


def test_a_sunset_is_told_in_gmt():
    other = LATER.astimezone(timezone(timedelta(hours=5)))
    assert dict(headers([Notice(SINCE, other)]))["Sunset"].endswith("12:00:00 GMT")


def test_of_several_the_earliest_counts():
    notices = [Notice(LATER, None, "/b"), Notice(SINCE, LATER, "/a"), Notice(LATER, None, "/b")]
    told = dict(headers(notices))
    assert told["Deprecation"] == f"@{int(SINCE.timestamp())}"
    assert told["Link"] == '</b>; rel="successor-version", </a>; rel="successor-version"'
