# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What stands before every controller: body, credential, channel, media type."""

import functools
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.http import request, route

from ..engine.channels import check_open, is_known
from ..messaging import guard, signature
from ..messaging.errors import MessageError
from ..messaging.keyring import SealError
from ..models.wire_config import CredentialConfig, SystemConfig
from . import answers, last_use, trail
from .dispatcher import as_message_error

_logger = logging.getLogger(__name__)
MESSAGE_LIMIT = 1024 * 1024
BATCH_LIMIT = 16 * 1024 * 1024
SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, proven.

    :param env: the engine's environment: requests carry no Odoo user.
    :param webhook_id: the signed id; none for a bearer.
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


def door(*paths, methods, limit=MESSAGE_LIMIT, render=answers.problem):
    """A route of the suite: no session, no cookie, no form parsing, errors as ``render`` does.

    :param limit: bytes of the body at the most; one more is read, so that a chunked body
        that goes on is seen and not cut.
    """

    def decorate(method):
        @route(
            list(paths),
            type="hc",
            auth="none",
            methods=methods,
            csrf=False,
            save_session=False,
            readonly=False,
            max_content_length=limit + 1,
        )
        @functools.wraps(method)
        def guarded(self, **params):
            try:
                return method(self, **params)
            except Exception as exc:  # every error has an answer of the route's own kind
                error = as_message_error(exc)
                trail.refused([error])
                return render(error)

        return guarded

    return decorate


def system_env():
    """The environment of the engine: requests carry no Odoo user."""
    return api.Environment(request.env.cr, SUPERUSER_ID, {})


def body(limit=MESSAGE_LIMIT):
    """The raw bytes of the request, as they were sent and signed."""
    http = request.httprequest
    if http.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise MessageError("content_encoding_refused")
    guard.check_size(http.content_length or 0, limit)
    raw = http.get_data(cache=True, parse_form_data=False)
    guard.check_size(len(raw), limit)
    return raw


def authenticate(raw):
    """Who sent ``raw``; fails closed."""
    headers, env = request.httprequest.headers, system_env()
    config = env["hc.system"]._wire_config()
    if "Authorization" in headers:
        key_id, secret = signature.parse_bearer(headers["Authorization"])
        credential = _credential(config, key_id, "bearer")
        if not signature.bearer_matches(secret, credential.bearer_hash):
            raise MessageError("unauthenticated")
        caller = Caller(env, credential, None)
    else:
        credential = _credential(config, headers.get("hc-key-id", ""), "signature")
        secret = _open_secret(env, credential)
        signed = {name: headers.get(name, "") for name in SIGNED_HEADERS}
        caller = Caller(env, credential, signature.verify_webhook(signed, raw, [secret]))
    _check_validity(credential)
    last_use.remember(request.env.registry, credential.id, traced=not trail.is_dry_run())
    return trail.known(caller)


def _open_secret(env, credential):
    """The signing secret, for the length of a request."""
    try:
        ring = env["hc.keyring"]._ring()
        return ring.open(credential.secret_sealed, credential.aad).decode()
    except (UserError, SealError) as error:
        _logger.error("Credential %s cannot be opened: %s", credential.id, type(error).__name__)
        raise MessageError("not_configured") from None


def _credential(config, key_id, kind):
    credential = config.get(key_id)
    if credential is None or credential.kind != kind:
        raise MessageError("unauthenticated")
    return trail.suspected(credential)


def _check_validity(credential):
    now = datetime.now(UTC).replace(tzinfo=None)
    if credential.revoked:
        raise MessageError("credential_revoked")
    early = credential.valid_from and now < credential.valid_from
    late = credential.valid_until and now >= credential.valid_until
    if early or late:
        raise MessageError("credential_expired")


def channel_of(caller, code):
    """The channel that an address names, if this caller may send to it now."""
    for channel in caller.system.channels:
        if channel.code == code and is_known(channel):
            if not caller.may_use(channel):
                raise MessageError("forbidden")
            if channel.batch_only:
                raise MessageError("batch_only")
            check_open(channel)
            return channel
    raise MessageError("not_found")


def media_type():
    """Media type of the body, without parameters, and its charset."""
    http = request.httprequest
    return http.mimetype.lower(), http.mimetype_params.get("charset")


def require_media_type(*allowed):
    """The media type of the body, which has to be one of these."""
    found, charset = media_type()
    if found not in allowed:
        raise MessageError("unsupported_media_type")
    return found, charset


def fallback_id(caller):
    """Id of an event that brings none: the signed one, then the Idempotency-Key."""
    key = request.httprequest.headers.get("Idempotency-Key", "").strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    return caller.webhook_id or key or None
