# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How the door answers: JSON, problem documents, acknowledgements."""

import json

from odoo.http import Response

MESSAGE_PATH = "/hc/v1/messages/"
REALM = 'realm="healthcare-integration"'
# Schemes by which a caller may prove itself (RFC 9110, 11.6.1). Only Bearer is registered; a
# signature and a client certificate have no scheme of their own.
BEARER, SIGNATURE, CERTIFICATE = (
    f"{scheme} {REALM}" for scheme in ("Bearer", "Signature", "Certificate")
)
INVALID_TOKEN = f'{BEARER}, error="invalid_token"'
AUTHENTICATE = ", ".join((BEARER, SIGNATURE, CERTIFICATE))
CHALLENGES = {
    "signature_invalid": SIGNATURE,
    "timestamp_stale": SIGNATURE,
    "binding_invalid": SIGNATURE,
    "proxy_not_trusted": CERTIFICATE,
    "certificate_malformed": CERTIFICATE,
    "certificate_unknown": CERTIFICATE,
    "certificate_expired": CERTIFICATE,
    # RFC 6750, 3.1
    "token_invalid": INVALID_TOKEN,
    "token_expired": INVALID_TOKEN,
    "token_key_unknown": INVALID_TOKEN,
    "token_replayed": INVALID_TOKEN,
    "token_unknown": INVALID_TOKEN,
    "scope_missing": f'{BEARER}, error="insufficient_scope"',
}


def json_answer(data, status=200, content_type="application/json", headers=()):
    """A JSON response that nobody keeps."""
    body = json.dumps(data, default=str)
    return Response(
        body,
        status=status,
        headers=[("Cache-Control", "no-store"), *headers],
        content_type=f"{content_type}; charset=utf-8",
    )


def error_headers(error):
    """Headers that belong to an error, whatever its body."""
    headers = []
    challenge = CHALLENGES.get(error.code, AUTHENTICATE if error.spec.status == 401 else None)
    if challenge:
        headers.append(("WWW-Authenticate", challenge))
    if error.spec.status == 503 or error.retry_after:
        headers.append(("Retry-After", str(error.retry_after or 30)))
    return headers


def problem_body(error):
    """RFC 9457 members of an error; contract fields and rules, never a value."""
    spec = error.spec
    body = {
        "type": f"urn:hc:error:{spec.code}",
        "title": spec.title,
        "status": spec.status or 500,
        "code": spec.code,
        "detail": spec.action,
    }
    if error.retry_after:
        body["retry_after"] = error.retry_after  # in a batch there is no header for each item
    if error.errors:
        body["errors"] = [{"pointer": e.pointer, "rule": e.rule} for e in error.errors]
    return body


def problem(error):
    """An error as ``application/problem+json``."""
    body = problem_body(error)
    return json_answer(body, body["status"], "application/problem+json", error_headers(error))


def accepted_body(stored, channels):
    """The answer to a document that is kept: its messages, the first one in short.

    :param channels: channel codes by id.
    """
    messages = [
        {
            "message_id": one.uuid,
            "channel": channels[one.channel_id],
            "duplicate": one.duplicate,
            "status_url": MESSAGE_PATH + one.uuid,
        }
        for one in stored
    ]
    first = stored[0]
    return {
        "message_id": first.uuid,
        "correlation_id": first.correlation,
        "state": "received",
        "duplicate": all_known(stored),
        "status_url": MESSAGE_PATH + first.uuid,
        "messages": messages,
    }


def all_known(stored):
    """Whether nothing of the document was new."""
    return all(one.duplicate for one in stored)


def accepted_status(stored):
    """202 for what is new, 200 for the same event again."""
    return 200 if all_known(stored) else 202
