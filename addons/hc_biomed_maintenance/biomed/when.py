# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""When an alarm was, as a moment that can be judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

AHEAD = timedelta(minutes=10)


def read(text: str, zone: tzinfo) -> datetime | None:
    """A time of the contract in UTC; without an offset it is in the zone of the site."""
    try:
        moment = datetime.fromisoformat(text)
        placed = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return placed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_implausible(moment: datetime, now: datetime, max_age_days: int) -> bool:
    """Further ahead than clocks differ, or older than the channel allows (0: no limit)."""
    too_old = max_age_days and moment < now - timedelta(days=max_age_days)
    return bool(too_old) or moment > now + AHEAD
