# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Keys that sign checkpoints (Ed25519)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

FILE = "HC_AUDIT_KEY_FILE"
FORMER_FILE = "HC_AUDIT_FORMER_KEY_FILE"


class KeyFileError(ValueError):
    """A key file cannot be used; the sentence names the variable."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One that signatures are verified with, by its 32 bytes."""

    raw: bytes

    @property
    def fingerprint(self) -> str:
        """How people compare keys, in the form that OpenSSH has."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.raw).digest()).decode().rstrip("=")

    @property
    def pem(self) -> str:
        """As openssl reads it."""
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature is over the data, by this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """One that signs; its secret half is never shown."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Of 32 secret bytes."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(data)

    def __repr__(self) -> str:
        return f"<SigningKey {self.public.fingerprint}>"


def from_files(environ: Mapping[str, str]) -> tuple[SigningKey | None, list[SigningKey]]:
    """The key of a file of its own, if one is named, and the former one."""
    own, former = environ.get(FILE), environ.get(FORMER_FILE)
    return (
        _load(own, FILE) if own else None,
        [_load(former, FORMER_FILE)] if former else [],
    )


def _load(path: str, variable: str) -> SigningKey:
    try:
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError(f"The file that {variable} names holds no readable key.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"The file that {variable} names holds no Ed25519 key.")
    return SigningKey(key)
