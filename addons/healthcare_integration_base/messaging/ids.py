# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Identifiers that this side gives out."""

from __future__ import annotations

import os
import time


def new_id() -> str:
    """A UUID of version 7 (RFC 9562, section 5.7): milliseconds, then 74 random bits.

    Ids of one time lie side by side in an index, so that keeping an event touches the end
    of it and not any page.
    """
    chance = int.from_bytes(os.urandom(10)) & ((1 << 74) - 1)
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | (7 << 76) | ((chance >> 62) << 64) | (2 << 62)
    text = f"{value | (chance & ((1 << 62) - 1)):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
