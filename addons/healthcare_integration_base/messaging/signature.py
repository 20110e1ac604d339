# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How a caller proves who it is: Standard Webhooks signatures and bearer secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets as random
import time
from binascii import Error as BinasciiError
from collections.abc import Iterable, Mapping, Sequence

from standardwebhooks.webhooks import hmac_data

from .errors import MessageError

TOLERANCE_SECONDS = 300
MAX_ID_LENGTH = 256
MAX_SIGNATURES = 16
_PREFIX = "whsec_"
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v1,([A-Za-z0-9+/]{43}=)", re.ASCII)
_LAST = frozenset("AEIMQUYcgkosw048")
_BEARER = re.compile(r"bearer +([A-Za-z0-9_-]{4,64})\.([A-Za-z0-9_-]{16,256})", re.ASCII | re.I)


# -- Standard Webhooks --------------------------------------------------------------------


def verify_webhook(
    headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: float | None = None
) -> str:
    """The id of a message that one of the secrets signed within the last five minutes."""
    given = {name.lower(): value for name, value in headers.items()}
    message_id = _message_id(given.get("webhook-id", ""))
    timestamp = _timestamp(given.get("webhook-timestamp", ""), time.time() if now is None else now)
    passed = _passed_signatures(given.get("webhook-signature", ""))
    signed = _signed(message_id, timestamp, raw)
    expected = [hmac_data(key, signed) for key in _usable_keys(secrets)]
    # No early end: how long it takes tells nothing.
    matches = [hmac.compare_digest(a, b) for a in expected for b in passed]
    if not any(matches):
        raise MessageError("signature_invalid")
    return message_id


def sign_webhook(secret: str, message_id: str, timestamp: int, raw: bytes) -> str:
    """The value of ``webhook-signature``."""
    signature = hmac_data(parse_secret(secret), _signed(message_id, str(timestamp), raw))
    return f"v1,{base64.b64encode(signature).decode()}"


def new_secret() -> str:
    return _PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def parse_secret(secret: str) -> bytes:
    """The key of a ``whsec_`` secret: 24 to 64 bytes.

    :raise ValueError: without the secret in it
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (BinasciiError, ValueError):
        raise ValueError("the signing secret is not base64") from None
    if not 24 <= len(key) <= 64:
        raise ValueError("the signing secret must have 24 to 64 bytes")
    return key


def _signed(message_id: str, timestamp: str, raw: bytes) -> bytes:
    return b"%b.%b.%b" % (message_id.encode("ascii"), timestamp.encode("ascii"), raw)


def _message_id(text: str) -> str:
    if 0 < len(text) <= MAX_ID_LENGTH and text.isascii() and text.isprintable():
        return text
    raise MessageError("signature_invalid")


def _timestamp(text: str, now: float) -> str:
    if not _TIMESTAMP.fullmatch(text):
        raise MessageError("signature_invalid")
    if abs(int(text) - now) > TOLERANCE_SECONDS:
        raise MessageError("timestamp_stale")
    return text


def _passed_signatures(header: str) -> list[bytes]:
    """The v1 signatures; other versions and malformed ones count for nothing."""
    tokens = header[: MAX_SIGNATURES * 128].split(" ")[:MAX_SIGNATURES]
    return [base64.b64decode(m[1]) for m in map(_SIGNATURE.fullmatch, tokens) if m and _is_one(m)]


def _is_one(match: re.Match[str]) -> bool:
    """The last character of 32 bytes in base64 has two bits that mean nothing: only one of
    the four ways to write a signature is taken (RFC 4648, 3.5)."""
    return match[1][-2] in _LAST


def _usable_keys(secrets: Iterable[str]) -> list[bytes]:
    keys = []
    for secret in secrets:
        try:
            keys.append(parse_secret(secret))
        except ValueError:
            continue
    return keys


# -- bearer -------------------------------------------------------------------------------


def new_key_id() -> str:
    """Public name of a credential; has no dot, so that it can stand before one."""
    return "hck_" + base64.b32encode(random.token_bytes(10)).decode().lower()


def new_bearer_secret() -> str:
    return random.token_urlsafe(32)


def parse_bearer(header: str) -> tuple[str, str]:
    """Key id and secret of ``Bearer <key id>.<secret>``."""
    match = _BEARER.fullmatch(header.strip()) if len(header) <= 512 else None
    if match is None:
        raise MessageError("unauthenticated")
    return match[1], match[2]


def hash_bearer(secret: str) -> str:
    """The secret has 256 random bits: a plain hash cannot be guessed back."""
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()


def bearer_matches(secret: str, stored: str) -> bool:
    return hmac.compare_digest(hash_bearer(secret).encode(), stored.encode())
