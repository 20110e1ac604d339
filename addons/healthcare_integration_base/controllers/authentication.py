# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who calls: a signature, a bearer secret, a client certificate or an access token.

One proof of a request is judged, and a wrong one is not passed over for a right one: what
``Authorization`` says comes first, then a signature, then the certificate.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.http import request

from ..engine import token_uses
from ..messaging import client_cert, networks, signature, tokens
from ..messaging.client_cert import Certificate
from ..messaging.errors import MessageError
from ..messaging.keyring import SealError
from ..messaging.tokens import Claims
from ..models.wire_config import CredentialConfig, IssuerConfig, SystemConfig
from . import last_use, peers, trail

_logger = logging.getLogger(__name__)
SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
CLIENT_CERT = "Client-Cert"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, proven.

    :param env: the engine's environment: requests carry no Odoo user.
    :param webhook_id: the signed id; none for other proofs, which hold for the headers too.
    """

    env: api.Environment
    credential: CredentialConfig
    webhook_id: str | None

    @property
    def system(self) -> SystemConfig:
        return self.credential.system

    def may_use(self, channel):
        """Whether the credential is good for this channel."""
        bound = self.credential.channel_ids
        return bound is None or channel.id in bound


@dataclass(frozen=True, slots=True)
class Proof:
    """Whose credential it is, and by what that was proven."""

    credential: CredentialConfig
    webhook_id: str | None = None
    certificate: Certificate | None = None
    issuer: IssuerConfig | None = None
    claims: Claims | None = None


def system_env():
    """The environment of the engine: requests carry no Odoo user."""
    return api.Environment(request.env.cr, SUPERUSER_ID, {})


def authenticate(raw):
    """Who sent ``raw``; fails closed.

    :raise MessageError: 401, or 403 for somebody who is known and not allowed
    """
    headers, env = request.httprequest.headers, system_env()
    certificate = _certificate(headers) if CLIENT_CERT in headers else None
    if "Authorization" in headers:
        proof = _authorized(env, headers["Authorization"], certificate)
    elif certificate is None or "hc-key-id" in headers or "webhook-signature" in headers:
        proof = _signed(env, headers, raw)
    else:
        proof = _by_certificate(env, certificate)
    caller = trail.known(Caller(env, proof.credential, proof.webhook_id))
    _check_validity(proof)
    _check_address(proof.credential)
    if proof.claims is not None:
        _check_token(proof)
    if not last_use.is_fresh(env.registry, proof.credential.id):
        address = peers.client().address
        last_use.remember(
            env.registry,
            proof.credential.id,
            address,
            proof.certificate,
            traced=not trail.is_dry_run(),
        )
    return caller


# ------------------------------------------------------------------------------- the proofs


def _signed(env, headers, raw):
    credential = _credential(env, headers.get("hc-key-id", ""), "signature")
    secret = _open_secret(env, credential)
    given = {name: headers.get(name, "") for name in SIGNED_HEADERS}
    return Proof(credential, webhook_id=signature.verify_webhook(given, raw, [secret]))


def _authorized(env, header, certificate):
    if token := tokens.parse_bearer(header):
        return _by_token(env, token, certificate)
    key_id, secret = signature.parse_bearer(header)
    credential = _credential(env, key_id, "bearer")
    if not signature.bearer_matches(secret, credential.bearer_hash):
        raise MessageError("unauthenticated")
    return Proof(credential)


def _by_token(env, token, certificate):
    """An access token of an identity provider (RFC 9068, 4)."""
    systems = env["hc.system"]
    issuer = systems._wire_issuers().get(tokens.issuer_of(token))
    if issuer is None:
        raise MessageError("token_invalid")
    try:
        claims = tokens.verify(token, issuer.rules)
    except MessageError as error:
        if error.code == "token_key_unknown":
            token_uses.wish_keys(env.registry, issuer.id)
        raise
    shown = certificate and certificate.thumbprint
    if claims.certificate is not None and claims.certificate != shown:
        raise MessageError("token_invalid")
    known = systems._wire_identities()
    said = (("client", claims.client), ("subject", claims.subject))
    places = [("oauth", issuer.id, claim, value) for claim, value in said]
    found = {one.id: one for one in map(known.get, places) if one is not None}
    if len(found) != 1:  # nobody, or two systems that both say it is theirs
        raise MessageError("token_unknown")
    return Proof(*found.values(), certificate=certificate, issuer=issuer, claims=claims)


def _by_certificate(env, certificate):
    credential = env["hc.system"]._wire_identities().get(("mtls", certificate.thumbprint))
    if credential is None:
        raise MessageError("certificate_unknown")
    return Proof(credential, certificate=certificate)


def _certificate(headers):
    """What a proxy says of the certificate of its client; nobody else may say it."""
    if not peers.client().is_proxy:
        raise MessageError("proxy_not_trusted")
    return client_cert.of_header(headers[CLIENT_CERT])


def _credential(env, key_id, kind):
    credential = env["hc.system"]._wire_config().get(key_id)
    if credential is None or credential.kind != kind:
        raise MessageError("unauthenticated")
    return trail.suspected(credential)


def _open_secret(env, credential):
    """The signing secret, for the length of a request."""
    try:
        ring = env["hc.keyring"]._ring()
        return ring.open(credential.secret_sealed, credential.aad).decode()
    except (UserError, SealError) as error:
        _logger.error("Credential %s cannot be opened: %s", credential.id, type(error).__name__)
        raise MessageError("not_configured") from None


# --------------------------------------------------------------------------- what else holds


def _check_validity(proof):
    credential, now = proof.credential, datetime.now(UTC).replace(tzinfo=None)
    if credential.revoked:
        raise MessageError("credential_revoked")
    early = credential.valid_from and now < credential.valid_from
    late = credential.valid_until and now >= credential.valid_until
    if early or late:
        raise MessageError("credential_expired")
    if credential.kind == "mtls":
        end = credential.certificates[proof.certificate.thumbprint]
        if not proof.certificate.is_valid(now) or (end and now >= end):
            raise MessageError("certificate_expired")


def _check_address(credential):
    if credential.networks and not networks.holds(credential.networks, peers.client().address):
        raise MessageError("address_not_allowed")


def _check_token(proof):
    if not proof.credential.token.scopes <= proof.claims.scopes:
        raise MessageError("scope_missing")
    if proof.issuer.single_use:
        token_uses.spend(request.env.registry, proof.issuer.id, proof.claims)
