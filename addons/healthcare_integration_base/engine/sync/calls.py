# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Calls of a run to the job's endpoint, with the proof, TLS and address rules of outbound
messages."""

import time
from dataclasses import replace
from types import SimpleNamespace

from ...messaging.errors import MessageError
from ...messaging.out_event import proof
from ..outbound.target import target_of

AGENT = {"User-Agent": "healthcare-integration/1"}
ACCEPT = {"json": "application/json", "ndjson": "application/x-ndjson, application/json;q=0.5"}


def target(job):
    """The job's endpoint, ready to be called.

    :raise MessageError: ``endpoint_unusable``
    """
    endpoint = job.endpoint_id
    found = target_of(endpoint) if endpoint.active else None
    if found is None or found.problem:
        raise MessageError("endpoint_unusable")
    return found


def fetch(to, url, key, form, most):
    """Ask for a page of at most ``most`` bytes."""
    client = replace(to.client, most=most)
    headers = {"Accept": ACCEPT[form], "webhook-id": key, **AGENT, **_signed(to, key, b"")}
    return client.exchange("GET", url, headers)


def post(to, key, content_type, body):
    """Send what a run has collected: the same key and body at every try, signed now."""
    headers = {
        "Content-Type": content_type,
        "Accept": "application/json, text/plain;q=0.5",
        "Idempotency-Key": key,
        "webhook-id": key,
        **AGENT,
        **_signed(to, key, body),
    }
    return to.client.exchange(to.method, to.url, headers, body)


def ask(to, key):
    """Whether the receiver has what was sent under the key."""
    return to.ask(SimpleNamespace(uuid=key))


def _signed(to, key, body):
    return proof(to.auth, to.secret, to.key_id, key, body, int(time.time()))
