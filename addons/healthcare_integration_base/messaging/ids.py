# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Identifiers that this side gives out."""

from __future__ import annotations

import secrets
import time
import uuid


def new_id() -> str:
    """A UUID of version 7 (RFC 9562, section 5.7): milliseconds, then 74 random bits.

    Ids of one time lie side by side in an index, so that keeping an event touches the end
    of it and not any page.
    """
    milliseconds = time.time_ns() // 1_000_000
    chance = secrets.randbits(74)
    value = (milliseconds << 80) | (7 << 76) | ((chance >> 62) << 64) | (2 << 62)
    return str(uuid.UUID(int=value | (chance & ((1 << 62) - 1))))
