# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What senders are told of a channel or message type that is about to go.

``Deprecation`` is RFC 9745, ``Sunset`` RFC 8594, and the link relation ``successor-version`` of
both is RFC 5829.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """One deprecation.

    :param since: from when on it is deprecated, in UTC
    :param sunset: when it is expected to be gone; none where nobody has said. Nothing ends by
        itself then: it ends when a person retires it
    :param successor: address of what takes its place, on this server
    """

    since: datetime
    sunset: datetime | None = None
    successor: str | None = None


def headers(notices: Iterable[Notice]) -> list[tuple[str, str]]:
    """The headers of an answer that these notices are about: the earliest dates of all, and a
    link for each successor.

    >>> since = datetime(2026, 11, 24, tzinfo=UTC)
    >>> headers([Notice(since, datetime(2027, 1, 1, tzinfo=UTC), "/hc/v1/contracts/a.b.v2")])
    [('Deprecation', '@1795478400'), ('Sunset', 'Fri, 01 Jan 2027 00:00:00 GMT'), \
('Link', '</hc/v1/contracts/a.b.v2>; rel="successor-version"')]
    """
    found = list(dict.fromkeys(notices))
    if not found:
        return []
    since = min(notice.since for notice in found)
    told = [("Deprecation", f"@{int(since.timestamp())}")]
    sunsets = [notice.sunset for notice in found if notice.sunset is not None]
    if sunsets:
        told.append(("Sunset", format_datetime(min(sunsets).astimezone(UTC), usegmt=True)))
    links = dict.fromkeys(notice.successor for notice in found if notice.successor)
    if links:
        named = ", ".join(f'<{link}>; rel="successor-version"' for link in links)
        told.append(("Link", named))
    return told
