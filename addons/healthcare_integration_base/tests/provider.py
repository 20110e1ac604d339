# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""An identity provider of a test's own: keys, their set, and tokens that are right or wrong.

Imports no odoo: unit and acceptance tests use it too.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://login.hospital.example/realms/integration"
AUDIENCE = "https://odoo.hospital.example/hc"


def b64(data: bytes | dict[str, Any]) -> str:
    """A part of a token."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Provider:
    """Makes tokens of RFC 9068."""

    def __init__(self, issuer: str = ISSUER, audience: str = AUDIENCE) -> None:
        self.issuer = issuer
        self.audience = audience
        self.keys: dict[str, Any] = {
            "rsa-1": rsa.generate_private_key(public_exponent=65537, key_size=2048),
            "ec-1": ec.generate_private_key(ec.SECP256R1()),
            "ed-1": ed25519.Ed25519PrivateKey.generate(),
        }

    def add_key(self, kid: str) -> None:
        """The next key."""
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def key_set(self, *kids: str) -> str:
        """The public keys, as it publishes them."""
        return json.dumps({"keys": [self.public(kid) for kid in kids or self.keys]})

    def public(self, kid: str) -> dict[str, Any]:
        """One public key as a JWK."""
        key = self.keys[kid].public_key()
        kinds = {"rsa": RSAAlgorithm, "ec": ECAlgorithm, "ed": OKPAlgorithm}
        made = kinds[kid.partition("-")[0]].to_jwk(key, as_dict=True)
        return {**made, "kid": kid, "use": "sig"}

    def public_pem(self, kid: str) -> bytes:
        """One public key in PEM: what a forger takes for a shared secret."""
        key = self.keys[kid].public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a good token; a change to None leaves a claim out."""
        now = int(time.time())
        made = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": "service-account-cabinet",
            "client_id": "cabinet",
            "scope": "hc.write hc.read",
            "jti": uuid.uuid4().hex,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
        }
        return {name: value for name, value in {**made, **changes}.items() if value is not None}

    def token(
        self,
        kid: str = "ec-1",
        algorithm: str | None = None,
        headers: dict[str, Any] | None = None,
        key: Any = None,
        **changes: Any,
    ) -> str:
        """A token; good unless something is changed."""
        usual = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}[kid.partition("-")[0]]
        given = {"typ": "at+jwt", "kid": kid, **(headers or {})}
        given = {name: value for name, value in given.items() if value is not None}
        return jwt.encode(
            self.claims(**changes), key or self.keys[kid], algorithm or usual, headers=given
        )

    def forged(self, header: dict[str, Any], signature: bytes = b"", **changes: Any) -> str:
        """A token that no library would make."""
        return f"{b64(header)}.{b64(self.claims(**changes))}.{b64(signature)}"
