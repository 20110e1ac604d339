# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Client certificates: as a proxy hands them on (RFC 9440), and as people enter them."""

from __future__ import annotations

import base64
import hashlib
import re
from binascii import Error as BinasciiError
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from . import errors_credentials  # noqa: F401 registers the codes
from .errors import MessageError
from .pem import PemError

MAX_HEADER = 16 * 1024
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_BYTES = re.compile(r":([A-Za-z0-9+/]+={0,2}):", re.ASCII)
_PUNCTUATION = re.compile(r"[\s:]+")
_MAX_SUBJECT = 256


@dataclass(frozen=True, slots=True)
class Certificate:
    """What we look at of a certificate; times are naive and in UTC.

    :param thumbprint: SHA-256 over the DER form, in hexadecimal digits
    """

    thumbprint: str
    subject: str
    not_before: datetime
    not_after: datetime

    def is_valid(self, now: datetime) -> bool:
        return self.not_before <= now <= self.not_after


def of_header(value: str) -> Certificate:
    """The certificate of a ``Client-Cert`` header: one byte sequence (RFC 8941, 3.3.5).

    :raise MessageError: ``certificate_malformed``, for a second header too: both come joined
    """
    match = _BYTES.fullmatch(value.strip(" ")) if len(value) <= MAX_HEADER else None
    if match is None:
        raise MessageError("certificate_malformed")
    try:
        der = base64.b64decode(match[1], validate=True)
        return _read(der, x509.load_der_x509_certificate(der))
    except (BinasciiError, ValueError, TypeError, OverflowError, x509.InvalidVersion):
        raise MessageError("certificate_malformed") from None


def of_pem(text: str) -> Certificate:
    """One certificate in PEM, without those between it and its authority.

    :raise PemError: when it is something else
    """
    found = _load(text)
    if len(found) != 1:
        raise PemError("Enter the client's own certificate alone, without its chain.")
    return found[0]


def first_end(text: str) -> datetime:
    """When the first of some certificates in PEM ends.

    :raise PemError: when it is something else
    """
    return min(one.not_after for one in _load(text))


def end_of(text: str | None) -> datetime | None:
    """As :func:`first_end`; none where there are no certificates that can be read."""
    try:
        return first_end(text) if text else None
    except PemError:
        return None


def fingerprint(text: str) -> str:
    """A SHA-256 fingerprint as it is compared; OpenSSL writes ``sha256 Fingerprint=AB:CD:…``."""
    return _PUNCTUATION.sub("", text.rpartition("=")[2]).lower()


def _load(text: str) -> list[Certificate]:
    if "PRIVATE KEY" in text:
        raise PemError("This holds a private key, which stays with the client.")
    try:
        loaded = x509.load_pem_x509_certificates(text.encode())
        return [_read(one.public_bytes(Encoding.DER), one) for one in loaded]
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion):
        raise PemError("Certificates are in PEM: -----BEGIN CERTIFICATE----- and so on.") from None


def _read(der: bytes, loaded: x509.Certificate) -> Certificate:
    return Certificate(
        thumbprint=hashlib.sha256(der).hexdigest(),
        subject=_subject(loaded),
        not_before=_naive(loaded.not_valid_before_utc),
        not_after=_naive(loaded.not_valid_after_utc),
    )


def _subject(loaded: x509.Certificate) -> str:
    try:
        return loaded.subject.rfc4514_string()[:_MAX_SUBJECT]
    except ValueError:
        return ""


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
