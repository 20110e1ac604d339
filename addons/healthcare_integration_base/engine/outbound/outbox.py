# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Putting outbound messages into the ledger, in the transaction of their cause."""

import json
import uuid

from ...messaging import envelope, guard
from ...messaging.intake import prepare
from .. import ledger

SOURCE = "urn:hc:odoo"


def event_of(type_name, data, key, subject=None, moment=None):
    """The canonical event, read from JSON like one that came in: numbers are decimals, and
    what JSON cannot say is refused here.

    :raise MessageError: where the attributes are none
    """
    body = {
        "specversion": "1.0",
        "id": key,
        "source": SOURCE,
        "type": type_name,
        "data": data,
        **({"subject": subject} if subject else {}),
        **({"time": moment.isoformat()} if moment else {}),
    }
    raw = json.dumps(body, default=str).encode()
    return envelope.parse_structured(guard.parse_json(raw), fallback_id=None)


def row(env, channel, message_type, event, company, trace, ordering_key=None, business_key=None):
    """One ledger row: checked, minimized and scrubbed like what comes in.

    :param trace: correlation, causation and traceparent of the cause
    :raise MessageError: ``contract_invalid``
    """
    contract, ring = channel._contract_of(message_type), env["hc.keyring"]._ring()
    prepared = prepare(event, contract, ring, channel_key=str(channel.id))
    ordering = ordering_key or prepared.ordering_key
    return {
        "uuid": _number(prepared.idempotency_key),
        "direction": "out",
        "format": channel.format,
        "system_id": channel.system_id.id,
        "channel_id": channel.id,
        "lane_id": channel.lane_id.id,
        "message_type_id": message_type.id,
        "company_id": company.id,
        "message_identifier": prepared.message_identifier,
        "source": prepared.source,
        "subject": prepared.subject,
        "event_time": ledger._utc_text(prepared.time),
        **trace,
        "idempotency_key": prepared.idempotency_key,
        "payload_digest": prepared.payload_digest,
        "payload": prepared.payload,
        "dropped": prepared.dropped or None,
        "business_key": business_key or prepared.business_key,
        "ordering_key": ordering,
        "shard": 0,
        "weak_key": False,
        "state": "queued",
        "error_code": None,
        "mapping_version": 0,
        "source_digest": None,
        "application_ack": None,
        "policy_version": prepared.policy_version,
    }


def _number(key):
    """What receivers know the message by. It follows from the event and the channel: a message
    that is lost in a restore of the database and queued again is the same to them."""
    return str(uuid.UUID(hex=key[:32], version=5))


def keep(cr, actor, rows):
    """Insert those that are not there already, each with its entry of the trail.

    :return: uuids of the rows that are new
    """
    if not rows:
        return []
    cr.execute(QUEUE, [json.dumps(rows), actor], log_exceptions=False)
    return [uuid for (uuid,) in cr.fetchall()]


QUEUE = ledger.KEEP_MANY.replace("'message.received'", "'message.queued'").replace(
    "SELECT kept.uuid, kept.id FROM", "SELECT kept.uuid FROM"
)
