# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""When something happened: from what the sender wrote to UTC and the day at the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

AHEAD = timedelta(minutes=10)
"""How far a sender's clock may be ahead."""
EARLIEST = datetime(2000, 1, 1)
"""What is older was a clock that stood still, whatever a channel allows."""


@dataclass(frozen=True, slots=True)
class When:
    """:param at: UTC, naive as Odoo keeps it. :param day: the day at the site."""

    at: datetime
    day: date


def read(text: str, zone: tzinfo, now: datetime) -> When | None:
    """A date, or a date-time that has an offset or is in ``zone``.

    A date alone is noon of that day, or now if that is still to come.

    :param now: aware.
    :return: None where it is no time that can be reckoned with, such as the year 1.
    """
    try:
        if len(text) == 10:
            return _of_day(date.fromisoformat(text), zone, now)
        moment = datetime.fromisoformat(text)
        return of(moment if moment.tzinfo else moment.replace(tzinfo=zone), zone)
    except (ValueError, OverflowError):
        return None


def _of_day(day: date, zone: tzinfo, now: datetime) -> When:
    noon = datetime.combine(day, time(12), zone)
    is_today = day == now.astimezone(zone).date()
    return of(min(noon, now) if is_today else noon, zone)


def of(moment: datetime, zone: tzinfo) -> When:
    """An aware moment, to the second."""
    at = moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return When(at, moment.astimezone(zone).date())


def is_implausible(when: When, now: datetime, max_age_days: int) -> bool:
    """More than ten minutes ahead, or older than allowed or possible.

    :param now: aware.
    :param max_age_days: 0 is no limit.
    """
    present = now.astimezone(UTC).replace(tzinfo=None)
    if when.at > present + AHEAD or when.at < EARLIEST:
        return True
    return bool(max_age_days) and when.at < present - timedelta(days=max_age_days)
