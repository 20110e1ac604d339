# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Times and decimals in one canonical form."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


def parse_decimal(value: object) -> Decimal | None:
    """A number, or a plain decimal number in a string; None for anything else."""
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def canonical_decimal(value: Decimal) -> str:
    """The shortest plain form: no exponent, no needless zero, never rounded."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def parse_date_time(text: str) -> datetime | None:
    """A date-time of RFC 3339, its offset optional; in UTC where it has one."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, offset = match.groups()
    clock = clock if len(clock) > 5 else f"{clock}:00"
    if clock.endswith(":60"):  # a leap second is told as the second before
        clock = f"{clock[:-2]}59"
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{fraction or ''}{(offset or '').upper()}")
        return moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def canonical_time(text: str) -> str | None:
    """A date as it is; a date-time in UTC where it has an offset, without one where not."""
    if _DATE.fullmatch(text):
        return text if _is_date(text) else None
    moment = parse_date_time(text)
    if moment is None:
        return None
    return moment.isoformat().replace("+00:00", "Z")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
