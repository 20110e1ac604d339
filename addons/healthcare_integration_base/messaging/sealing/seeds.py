# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The signing key of a master key, where no key of its own is given."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .keys import SigningKey

INFO = b"healthcare-integration/v1/audit-signing"


def derived(master: bytes) -> SigningKey:
    """Always the same for the same master key; nothing leads back from it."""
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(master)
    return SigningKey.from_seed(seed)
