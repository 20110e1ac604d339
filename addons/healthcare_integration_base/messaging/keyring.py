# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""All keys, derived from one master key that never is in the database."""

from __future__ import annotations

import base64
import hmac
import os
from binascii import Error as BinasciiError
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .digest import framed

MIN_MASTER_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = "hcs1"


class MasterKeyError(ValueError):
    """The master key is missing or unusable; the sentence says which variable to mend."""


class SealError(ValueError):
    """A sealed value cannot be opened: other key, other record, or damaged."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the pseudonym key of a domain.

    :param master: id of the master key that it is derived from; empty: the founding one
    """

    number: int
    master: str = ""


FIRST = (Version(1),)


@dataclass(frozen=True, slots=True)
class KeyState:
    """What the database knows about keys, none of it secret (ADR 0024).

    :param founding: id of the master key that digests, surrogates and first pseudonyms are made
        with; empty: the oldest one that is named
    :param versions: by domain, the newest first; a domain that is not there has version 1
    :param linked: domains whose records are found by their pseudonyms
    """

    founding: str = ""
    versions: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    linked: frozenset[str] = frozenset()


class KeyRing:
    """Keys by purpose.

    What is sealed is sealed with the present master key, and opened with any of them. Digests,
    surrogates and pseudonyms have to stay what they are when the master key is replaced: they
    are made with the founding one, and a later version of a pseudonym key with the one that was
    present when it was made.

    :param previous: former master keys, the newest first
    :raise MasterKeyError: a master key that is still needed is not among them
    """

    def __init__(
        self, master: bytes, previous: Sequence[bytes] = (), state: KeyState | None = None
    ) -> None:
        masters = [_checked(key) for key in (master, *previous)]
        self._masters = {sealing_id(key): key for key in masters}
        self._derived: dict[tuple[str, str], bytes] = {}
        self._sealing_id = sealing_id(master)
        self._ciphers = {one: AESGCM(_derive(key, "seal")) for one, key in self._masters.items()}
        self.state = state or KeyState()
        self.founding_id = self.state.founding or sealing_id(masters[-1])
        self._check_complete()
        # Whether a value may be known by an older pseudonym.
        self.is_rotated = any(len(self._versions(one)) > 1 for one in self.state.linked)

    def _check_complete(self) -> None:
        needed = {one.master for found in self.state.versions.values() for one in found}
        missing = {self.founding_id, *needed} - {"", *self._masters}
        if missing:
            raise MasterKeyError(
                "Digests or pseudonyms are made with a former master key that is not named:"
                f" {', '.join(sorted(missing))}."
            )

    @property
    def sealing_id(self) -> str:
        """Names the present master key; says nothing about it."""
        return self._sealing_id

    @property
    def known_ids(self) -> frozenset[str]:
        """Names of all master keys that are here, the present one and former ones."""
        return frozenset(self._ciphers)

    @cached_property
    def digest_key(self) -> bytes:
        return self._key("digest")

    @cached_property
    def audit_key(self) -> bytes:
        """Of the digests by which the audit trail tells what a setting held."""
        return self._key("audit")

    def pseudonym(self, domain: str, value: str, scope: str = "") -> str:
        """The same for the same value of a domain; a key for each domain, so that nobody
        can join two domains by it."""
        return self._pseudonym(domain, self._versions(domain)[0], value, scope)

    def pseudonyms(self, domain: str, value: str, scope: str = "") -> list[str]:
        """Of all versions that are retained, the present one first."""
        return [
            self._pseudonym(domain, version, value, scope) for version in self._versions(domain)
        ]

    def recording(self) -> Recording:
        """The same keys, remembering what their pseudonyms were called before."""
        return Recording(self)

    def _versions(self, domain: str) -> tuple[Version, ...]:
        return self.state.versions.get(domain) or FIRST

    def _pseudonym(self, domain: str, version: Version, value: str, scope: str) -> str:
        number = version.number
        purpose = f"pseudonym:{domain}" if number == 1 else f"pseudonym-{number}:{domain}"
        return f"hcp{number}_" + _short(self._key(purpose, version.master), scope, value)

    def surrogate(self, value: str) -> str:
        """What stands for an id or value that names a person."""
        return "hcs1_" + _short(self._key("surrogate"), value)

    def seal(self, plaintext: bytes, aad: str) -> str:
        """Encrypt for one place: ``aad`` names the record and the field."""
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._ciphers[self._sealing_id]
        blob = nonce + cipher.encrypt(nonce, plaintext, aad.encode())
        return f"{_FORMAT}.{self._sealing_id}.{base64.urlsafe_b64encode(blob).decode()}"

    def open(self, blob: str, aad: str) -> bytes:
        try:
            version, key_id, body = blob.split(".")
            raw = base64.b64decode(body.encode("ascii"), altchars=b"-_", validate=True)
            if version == _FORMAT and len(raw) > _NONCE_BYTES:
                nonce, sealed = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
                return self._ciphers[key_id].decrypt(nonce, sealed, aad.encode())
        except (ValueError, KeyError, InvalidTag):
            raise SealError("the sealed value does not open here") from None
        raise SealError("the sealed value has an unknown form")

    def reseal(self, blob: str, aad: str) -> str:
        """The same content for the same place, under the present master key.

        :raise SealError: when it was sealed under a key that is not here
        """
        return self.seal(self.open(blob, aad), aad)

    def __repr__(self) -> str:
        return f"<KeyRing {self._sealing_id}>"

    def _key(self, purpose: str, master: str = "") -> bytes:
        key = self._derived.get((purpose, master))
        if key is None:
            key = _derive(self._masters[master or self.founding_id], purpose)
            self._derived[purpose, master] = key
        return key


class Recording(KeyRing):
    """Keys for one event: remembers, of each pseudonym of a linked domain that it makes, what
    older versions would have called the same value.

    :ivar former: new pseudonym -> [domain, older ones, the newest of them first]
    """

    def __init__(self, ring: KeyRing) -> None:
        self.__dict__.update(ring.__dict__)
        self.former: dict[str, list[str]] = {}

    def pseudonym(self, domain: str, value: str, scope: str = "") -> str:
        if domain not in self.state.linked or len(self._versions(domain)) == 1:
            return super().pseudonym(domain, value, scope)
        new, *older = self.pseudonyms(domain, value, scope)
        self.former[new] = [domain, *older]
        return new


def load_master(environ: Mapping[str, str]) -> bytes:
    """The master key of ``HC_MASTER_KEY`` (base64), else of the file that
    ``HC_MASTER_KEY_FILE`` names."""
    text = environ.get("HC_MASTER_KEY")
    if text:
        return _decoded(text, "HC_MASTER_KEY")
    path = environ.get("HC_MASTER_KEY_FILE")
    if not path:
        raise MasterKeyError("Set HC_MASTER_KEY or HC_MASTER_KEY_FILE: 32 random bytes in base64.")
    try:
        return _decoded(Path(path).read_text("ascii"), "the file of HC_MASTER_KEY_FILE")
    except (OSError, UnicodeDecodeError):
        raise MasterKeyError("The file that HC_MASTER_KEY_FILE names cannot be read.") from None


def load_previous(environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """Former master keys, which only open: of ``HC_MASTER_KEY_PREVIOUS``, else of the file
    that ``HC_MASTER_KEY_PREVIOUS_FILE`` names; several by commas, spaces or lines."""
    text = environ.get("HC_MASTER_KEY_PREVIOUS")
    if text:
        return _several(text, "HC_MASTER_KEY_PREVIOUS")
    path = environ.get("HC_MASTER_KEY_PREVIOUS_FILE")
    if not path:
        return ()
    try:
        text = Path(path).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        raise MasterKeyError(
            "The file that HC_MASTER_KEY_PREVIOUS_FILE names cannot be read."
        ) from None
    return _several(text, "the file of HC_MASTER_KEY_PREVIOUS_FILE")


def sealed_with(blob: str) -> str:
    """Name of the master key under which a value was sealed; empty if it is no sealed value."""
    version, _dot, rest = blob.partition(".")
    return rest.partition(".")[0] if version == _FORMAT else ""


def _several(text: str, origin: str) -> tuple[bytes, ...]:
    return tuple(_decoded(word, origin) for word in text.replace(",", " ").split())


def _decoded(text: str, origin: str) -> bytes:
    try:
        master = base64.b64decode(text.strip().translate(_URL_SAFE), validate=True)
    except (BinasciiError, ValueError):
        raise MasterKeyError(f"{origin} does not hold base64.") from None
    if len(master) < MIN_MASTER_BYTES:
        raise MasterKeyError(f"{origin} must hold at least {MIN_MASTER_BYTES} bytes in base64.")
    return master


_URL_SAFE = str.maketrans("-_", "+/")


def _checked(master: bytes) -> bytes:
    if len(master) < MIN_MASTER_BYTES:
        raise MasterKeyError(f"A master key must have at least {MIN_MASTER_BYTES} bytes.")
    return master


def _derive(master: bytes, purpose: str) -> bytes:
    info = f"healthcare-integration/v1/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master)


def sealing_id(master: bytes) -> str:
    """What a master key is called where it has to be named."""
    return _derive(master, "seal-id")[:6].hex()


def _short(key: bytes, *parts: str) -> str:
    code = hmac.digest(key, framed(parts), "sha256")[:20]
    return base64.b32encode(code).decode().lower()
