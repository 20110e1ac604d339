# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is left of a value that is not kept as it came.

==============  ========================================================================
``mask``        that there was a value, and nothing of it: not even its length
``last4``       its last four letters or digits, of at least eight; else as ``mask``
``year``        the year of a date or date-time; of anything else as ``mask``
==============  ========================================================================

A pseudonym is made by the key ring, which is asked in :mod:`.contract_fields`.
"""

from __future__ import annotations

from .values import canonical_time

MASK = "***"
LAST = 4
"""Letters and digits that ``last4`` leaves."""
LEAST = 8
"""Below so many letters and digits, four of them would be half of the value or more."""


def last4(text: str) -> str:
    """The last four letters and digits; marks between them count for nothing."""
    signs = [sign for sign in text if sign.isalnum()]
    return "".join(signs[-LAST:]) if len(signs) >= LEAST else MASK


def year(text: str) -> str:
    """The year of a date or of a date-time."""
    return text[:4] if canonical_time(text) is not None else MASK


def reduced(rule: str, text: str) -> str:
    """What ``last4``, ``year`` or ``mask`` leave of a text; any other word is as strict as
    ``mask``."""
    if rule == "last4":
        return last4(text)
    return year(text) if rule == "year" else MASK
