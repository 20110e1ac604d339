# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Public keys of an identity provider (JSON Web Key Sets, RFC 7517)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import jwt
from jwt import PyJWK

MAX_BYTES = 64 * 1024
MAX_KEYS = 64
MIN_RSA_BITS = 2048
# Asymmetric ones only: who can verify a token must not be able to make one.
ALGORITHMS: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeySetError(ValueError):
    """The keys cannot be used; the sentence says why, and holds nothing of them."""


def parse(text: str, algorithms: Iterable[str]) -> dict[tuple[str, str], PyJWK]:
    """The keys of a set that verify one of these algorithms, by key id and algorithm.

    Keys of other kinds are passed over, as RFC 7517, 5 asks for. A key without an id has the
    empty one.

    :raise KeySetError: when it is no key set, holds a secret, or no key that is of use
    """
    wanted = [name for name in ALGORITHMS if name in set(algorithms)]
    found: dict[tuple[str, str], PyJWK] = {}
    for entry in _entries(text):
        for algorithm in wanted:
            if not _fits(entry, algorithm):
                continue
            place = (str(entry.get("kid") or ""), algorithm)
            if place in found:
                raise KeySetError("Two keys of the set have the same key id.")
            found[place] = _key(entry, algorithm)
    if not found:
        raise KeySetError("The set holds no key for one of the algorithms that are allowed.")
    return found


def _entries(text: str) -> list[dict[str, Any]]:
    if len(text.encode()) > MAX_BYTES:
        raise KeySetError("A key set has 64 KiB at the most.")
    try:
        entries = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        entries = None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise KeySetError('This is no JSON Web Key Set: {"keys": […]}.')
    if len(entries) > MAX_KEYS:
        raise KeySetError("A key set has 64 keys at the most.")
    if any(not _PRIVATE.isdisjoint(entry) for entry in entries):
        raise KeySetError("The set holds a secret key: enter the public keys only.")
    return entries


def _fits(entry: Mapping[str, Any], algorithm: str) -> bool:
    kind, curve = ALGORITHMS[algorithm]
    return (
        entry.get("kty") == kind
        and (curve is None or entry.get("crv") == curve)
        and entry.get("alg") in (None, algorithm)
        and entry.get("use") in (None, "sig")
    )


def _key(entry: dict[str, Any], algorithm: str) -> PyJWK:
    try:
        key = PyJWK(entry, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise KeySetError("A key of the set is damaged.") from None
    if algorithm[1:] == "S256" and algorithm[0] in "RP" and key.key.key_size < MIN_RSA_BITS:
        raise KeySetError("RSA keys have 2,048 bits at least.")
    return key
