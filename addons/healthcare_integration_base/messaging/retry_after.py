# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""``Retry-After`` (RFC 9110, 10.2.3): seconds, or a date."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil

_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
_LONGEST = 64


def retry_after(header: str | None, now: datetime, cap_seconds: int) -> int | None:
    """Seconds to wait, at most ``cap_seconds``; none where the header says nothing usable.

    :param now: with a time zone
    """
    text = (header or "").strip()
    if not text or len(text) > _LONGEST:
        return None
    if _SECONDS.fullmatch(text):
        return min(int(text), cap_seconds)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # the obsolete forms are in GMT as well
        moment = moment.replace(tzinfo=UTC)
    return min(max(0, ceil((moment - now).total_seconds())), cap_seconds)
