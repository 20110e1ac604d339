# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What stands before every controller: body, credential, channel, media type."""

import functools

from odoo.http import request, route

from ..engine.channels import check_open, is_known
from ..messaging import guard
from ..messaging.errors import MessageError
from . import answers, trail
from .authentication import Caller, authenticate, system_env
from .dispatcher import as_message_error

__all__ = ["Caller", "authenticate", "system_env"]
MESSAGE_LIMIT = 1024 * 1024
BATCH_LIMIT = 16 * 1024 * 1024


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


def body(limit=MESSAGE_LIMIT):
    """The raw bytes of the request, as they were sent and signed."""
    http = request.httprequest
    if http.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise MessageError("content_encoding_refused")
    guard.check_size(http.content_length or 0, limit)
    raw = http.get_data(cache=True, parse_form_data=False)
    guard.check_size(len(raw), limit)
    return raw


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
