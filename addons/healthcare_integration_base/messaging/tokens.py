# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""OAuth 2.0 access tokens in the form of RFC 9068: signed JWTs of an identity provider.

Nothing of a token decides how it is verified: algorithms and keys are those that were pinned
for its issuer (RFC 8725, 3.1). A key, or an address of one, that a token brings is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
from jwt import PyJWK

from . import errors_credentials  # noqa: F401 registers the codes
from .errors import MessageError

MAX_LENGTH = 8192
MAX_CLAIM = 256
_COMPACT = re.compile(r"bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)", re.ASCII | re.I)
_REFUSED = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"})
_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_PLAIN_TYPES = frozenset({"jwt", "application/jwt", ""})
_REQUIRED = ("exp", "iat", "iss", "aud", "jti")
_BROKEN = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError, AttributeError)


@dataclass(frozen=True, slots=True)
class Rules:
    """How tokens of one issuer are judged.

    :param keys: public keys by key id and algorithm; no other algorithm is taken
    :param leeway: seconds that clocks may differ
    :param max_lifetime: seconds from ``iat`` to ``exp`` at the most
    :param takes_plain: whether ``typ`` may be JWT, or missing, as many providers have it
    """

    issuer: str
    audience: str
    keys: Mapping[tuple[str, str], PyJWK] = field(repr=False)
    leeway: int = 30
    max_lifetime: int = 3600
    takes_plain: bool = False

    @property
    def algorithms(self) -> frozenset[str]:
        return frozenset(algorithm for _kid, algorithm in self.keys)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says; never kept, never logged.

    :param client: who asked for it (``client_id``, or ``azp`` where that is missing)
    :param subject: in whose name (``sub``)
    :param certificate: thumbprint of the certificate that it is bound to (RFC 8705)
    """

    jti: str
    expires: datetime
    client: str
    subject: str
    scopes: frozenset[str]
    certificate: str | None


def parse_bearer(header: str) -> str | None:
    """The token of an Authorization header; none if it is something else."""
    match = _COMPACT.fullmatch(header.strip()) if len(header) <= MAX_LENGTH else None
    return match[1] if match else None


def issuer_of(token: str) -> str:
    """Whose a token says to be: only good for finding the rules to judge it by.

    :raise MessageError: ``token_invalid``
    """
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        issuer = claims.get("iss")
    except _BROKEN:
        raise MessageError("token_invalid") from None
    return _text(issuer)


def verify(token: str, rules: Rules) -> Claims:
    """What a token says, once everything about it is right.

    :raise MessageError: ``token_invalid``, ``token_expired`` or ``token_key_unknown``
    """
    try:
        header = jwt.get_unverified_header(token)
        key = _key(header, rules)
        claims = jwt.decode(
            token,
            key,
            algorithms=[header["alg"]],
            audience=rules.audience,
            issuer=rules.issuer,
            leeway=rules.leeway,
            options={"require": list(_REQUIRED)},
        )
        return _claims(claims, rules)
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        raise MessageError("token_expired") from None
    except _BROKEN:
        raise MessageError("token_invalid") from None


def _key(header: Mapping[str, Any], rules: Rules) -> PyJWK:
    """The key that the issuer has under this name, for an algorithm that is pinned."""
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ") or ""
    if not _REFUSED.isdisjoint(header) or not isinstance(kind, str):
        raise MessageError("token_invalid")
    if kind.lower() not in (_TYPES | _PLAIN_TYPES if rules.takes_plain else _TYPES):
        raise MessageError("token_invalid")
    if algorithm not in rules.algorithms:
        raise MessageError("token_invalid")
    if kid is None:
        fitting = [key for (_kid, one), key in rules.keys.items() if one == algorithm]
        if len(fitting) != 1:
            raise MessageError("token_invalid")
        return fitting[0]
    if key := rules.keys.get((_text(kid), _text(algorithm))):
        return key
    known = any(kid == one for one, _algorithm in rules.keys)
    raise MessageError("token_invalid" if known else "token_key_unknown")


def _claims(claims: Mapping[str, Any], rules: Rules) -> Claims:
    issued, expires = int(claims["iat"]), int(claims["exp"])
    if not 0 < expires - issued <= rules.max_lifetime:
        raise MessageError("token_invalid")
    return Claims(
        jti=_text(claims["jti"]),
        expires=datetime.fromtimestamp(expires, UTC).replace(tzinfo=None),
        client=_client(claims),
        subject=_text(claims["sub"]) if "sub" in claims else "",
        scopes=_scopes(claims),
        certificate=_confirmation(claims),
    )


def _text(value: Any) -> str:
    """A claim that names something: text, not empty, not endless."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CLAIM:
        raise MessageError("token_invalid")
    return value


def _client(claims: Mapping[str, Any]) -> str:
    """:raise MessageError: when a token says of itself that it is of two clients"""
    named = {_text(claims[name]) for name in ("client_id", "azp") if name in claims}
    if len(named) > 1:
        raise MessageError("token_invalid")
    return named.pop() if named else ""


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """``scope`` (RFC 9068) or ``scp``, as text or as a list."""
    given = claims.get("scope", claims.get("scp", ""))
    words = given.split() if isinstance(given, str) else given
    if not isinstance(words, list):
        raise MessageError("token_invalid")
    return frozenset(word for word in words if isinstance(word, str))


def _confirmation(claims: Mapping[str, Any]) -> str | None:
    """Thumbprint of RFC 8705, 3.1; another way of binding is not passed over."""
    if "cnf" not in claims:
        return None
    bound = claims["cnf"]
    if not isinstance(bound, dict) or set(bound) != {"x5t#S256"}:
        raise MessageError("token_invalid")
    return jwt.utils.base64url_decode(_text(bound["x5t#S256"])).hex()
