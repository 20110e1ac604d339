# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One byte form per content, and keyed digests of it."""

from __future__ import annotations

import hmac
import json
from decimal import Decimal

from .event import JsonValue
from .values import canonical_decimal


def canonical(data: JsonValue) -> bytes:
    """Sorted members, no white space, UTF-8 (RFC 8785 in spirit); equal numbers alike."""
    return _ENCODER.encode(data).encode()


def keyed(key: bytes, *parts: bytes | str) -> str:
    """HMAC-SHA256 over parts of which none can run into the next."""
    return hmac.digest(key, framed(parts), "sha256").hex()


def framed(parts: tuple[bytes | str, ...]) -> bytes:
    """Each part after its length."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join([b"%d:%b" % (len(part), part) for part in raw])


def _number(value: object) -> JsonValue:
    if not isinstance(value, Decimal):
        raise TypeError("not a value of JSON")
    if value == value.to_integral_value():
        return int(value)
    # NUL is in no guarded text, so nothing else has this form.
    return ["\0decimal", canonical_decimal(value)]


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_number
)
