# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A ledger row as it leaves: the same bytes at every try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .digest import canonical
from .event import JsonObject, JsonValue
from .signature import sign_webhook
from .translate.hl7_ack import application_ack

CLOUDEVENTS = "application/cloudevents+json"
HL7 = "application/hl7-v2"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is kept of a message that leaves. ``time`` is naive and in UTC, as in the ledger."""

    uuid: str
    type: str
    source: str
    data: JsonObject
    format: str = "cloudevents"
    subject: str | None = None
    time: datetime | None = None
    correlation: str | None = None
    causation: str | None = None
    traceparent: str | None = None


def body_of(message: Outgoing) -> tuple[str, bytes]:
    """Media type and body. The id is the ledger's: a receiver tells doubles by it."""
    if message.format == "hl7v2":
        return f"{HL7}; charset=utf-8", application_ack(message.uuid, message.data, message.time)
    event: dict[str, JsonValue] = {
        "specversion": "1.0",
        "id": message.uuid,
        "source": message.source,
        "type": message.type,
        "datacontenttype": "application/json",
        "data": message.data,
    }
    optional = {
        "subject": message.subject,
        "time": _moment(message.time),
        "correlationid": message.correlation,
        "causationid": message.causation,
        "traceparent": message.traceparent,
    }
    event |= {name: value for name, value in optional.items() if value}
    return f"{CLOUDEVENTS}; charset=utf-8", canonical(event)


def headers_of(message: Outgoing, content_type: str) -> dict[str, str]:
    """What every try says alike."""
    return {
        "Content-Type": content_type,
        "Accept": "application/json, application/hl7-v2, text/plain;q=0.5",
        "User-Agent": "healthcare-integration/1",
        "Idempotency-Key": message.uuid,
        "webhook-id": message.uuid,
    }


def proof(
    auth: str, secret: str, key_id: str, message_id: str, body: bytes, timestamp: int
) -> Mapping[str, str]:
    """Headers that say who we are; a signature is of this moment.

    :param auth: ``signature`` (Standard Webhooks), ``bearer`` or ``none``
    :raise ValueError: where the secret cannot be used
    """
    if auth == "bearer":
        if not secret:
            raise ValueError("the bearer token is missing")
        return {"Authorization": f"Bearer {secret}"}
    if auth == "none":
        return {}
    named = {"hc-key-id": key_id} if key_id else {}
    return {
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_webhook(secret, message_id, timestamp, body),
        **named,
    }


def _moment(time: datetime | None) -> str | None:
    return time.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z") if time else None
