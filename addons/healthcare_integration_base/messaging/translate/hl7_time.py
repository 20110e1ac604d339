# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""HL7 v2 times: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_TIME = re.compile(
    r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,6}))?)?)?)?)?)?"
    r"([+-]\d{4})?",
    re.ASCII,
)


def offset_of(text: str) -> tzinfo | None:
    """The offset that a time carries; MSH-7's is the default of the whole message."""
    match = _TIME.fullmatch(text)
    return _zone(match[8]) if match and match[8] else None


def to_iso(text: str, default: tzinfo | None) -> str | None:
    """ISO 8601: a date, or a date-time with its offset where one is known.

    None when the text is no time, or less precise than a day.
    """
    match = _TIME.fullmatch(text)
    moment = _moment(match) if match else None
    if match is None or moment is None:
        return None
    if match[4] is None:
        return moment.date().isoformat()
    return _placed(moment, match[8], default).isoformat()


def to_datetime(text: str, default: tzinfo | None, zone: str | None) -> datetime | None:
    """An aware time, or None; ``zone`` is used where no offset is known."""
    match = _TIME.fullmatch(text)
    moment = _moment(match) if match else None
    if match is None or moment is None:
        return None
    placed = _placed(moment, match[8], default)
    if placed.tzinfo is None and zone:
        placed = placed.replace(tzinfo=_named(zone))
    return placed if placed.tzinfo is not None else None


def _moment(match: re.Match[str]) -> datetime | None:
    if match[3] is None:
        return None
    micro = (match[7] or "0").ljust(6, "0")
    try:
        return datetime(
            int(match[1]), int(match[2]), int(match[3]),
            int(match[4] or 0), int(match[5] or 0), int(match[6] or 0), int(micro),
        )  # fmt: skip
    except ValueError:
        return None


def _placed(moment: datetime, offset: str | None, default: tzinfo | None) -> datetime:
    return moment.replace(tzinfo=(_zone(offset) if offset else None) or default)


def _zone(offset: str) -> tzinfo | None:
    hours, minutes = int(offset[1:3]), int(offset[3:5])
    if hours > 14 or minutes > 59:
        return None
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if offset[0] == "-" else delta)


def _named(zone: str) -> tzinfo | None:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return None
