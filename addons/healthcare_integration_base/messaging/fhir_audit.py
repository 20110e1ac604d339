# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Events of the audit trail as FHIR R4 AuditEvent (http://hl7.org/fhir/R4/auditevent.html)."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from .audit_actions import FAILED, WAITING, verb_of

Json = dict[str, Any]

DICOM = "http://dicom.nema.org/resources/ontology/DCM"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
ACTION_SYSTEM = "urn:hc:audit:action"
USER_SYSTEM = "urn:hc:audit:user"
SYSTEM_SYSTEM = "urn:hc:audit:system"
OBJECT_SYSTEM = "urn:hc:audit:object"
COMPANY_SYSTEM = "urn:hc:audit:company"
DATABASE_SYSTEM = "urn:hc:audit:database"

_APPLICATION = (DICOM, "110100", "Application Activity")
_SECURITY = (DICOM, "110113", "Security Alert")
_EXPORT = (DICOM, "110106", "Export")
_TYPES = {
    "access.granted": _SECURITY,
    "access.revoked": _SECURITY,
    "audit.exported": (DICOM, "110101", "Audit Log Used"),
    "content.exported": _EXPORT,
    "content.read": (LIFECYCLE, "access", "Access/View Record Lifecycle Event"),
    "credential.used": (DICOM, "110114", "User Authentication"),
    "data.exported": _EXPORT,
    "erasure.done": (LIFECYCLE, "destroy", "Destroy/Delete Record Lifecycle Event"),
    "hold.placed": (LIFECYCLE, "hold", "Add Legal Hold Record Lifecycle Event"),
    "hold.released": (LIFECYCLE, "unhold", "Remove Legal Hold Record Lifecycle Event"),
    "message.delivered": (LIFECYCLE, "transmit", "Transmit Record Lifecycle Event"),
    "message.handled": (LIFECYCLE, "transform", "Transform/Translate Record Lifecycle Event"),
    "message.received": (LIFECYCLE, "receive", "Receive/Retain Record Lifecycle Event"),
    "message.refused": _SECURITY,
    "message.sent": (LIFECYCLE, "transmit", "Transmit Record Lifecycle Event"),
    "request.refused": _SECURITY,
    "retention.run": (LIFECYCLE, "destroy", "Destroy/Delete Record Lifecycle Event"),
    "sync.reported": _EXPORT,
}
_OF_SYSTEM = frozenset(
    {"credential.used", "message.received", "message.refused", "request.refused"}
)
"""What a system does, and not a person or the server."""

_TOLD = ("correlation", "contract", "code", "digest", "before", "after")


def resource(event: Json, database: str) -> Json:
    """One event as an AuditEvent.

    :param event: as :mod:`.audit_export` describes it
    :param database: identifier of the database that the trail is of
    """
    made: Json = {
        "resourceType": "AuditEvent",
        "id": f"hc-{event['id']}",
        "type": _coding(*_TYPES.get(event["action"], _APPLICATION)),
        "subtype": [_coding(ACTION_SYSTEM, event["action"])],
        "action": verb_of(event["action"]),
        "recorded": event["recorded_at"],
        "outcome": _outcome(event.get("outcome")),
        "agent": _agents(event),
        "source": {
            "observer": _reference(DATABASE_SYSTEM, database, "Odoo"),
            "type": [
                _coding(
                    "http://terminology.hl7.org/CodeSystem/security-source-type",
                    "4",
                    "Application Server",
                )
            ],
        },
    }
    said = [event[name] for name in ("outcome", "code") if event.get(name)]
    if said:
        made["outcomeDesc"] = _text(": ".join(said))
    if event.get("reason"):
        made["purposeOfEvent"] = [{"text": _text(event["reason"])}]
    if entity := _entity(event):
        made["entity"] = [entity]
    return made


def full_url(event: Json, database: str) -> str:
    """The same for the same event of the same database, in every export."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"urn:hc:audit:{database}:{event['id']}").urn


def _outcome(outcome: str | None) -> str:
    """Of http://hl7.org/fhir/audit-event-outcome; 12 is the server's own, and left out."""
    return "8" if outcome in FAILED else "4" if outcome in WAITING else "0"


def _agents(event: Json) -> list[Json]:
    """Who asked for it. A system has a user of its own, which is named beside it."""
    by_system = event["action"] in _OF_SYSTEM
    agents = []
    if event.get("user_id"):
        agents.append(
            {
                "type": {
                    "coding": [_participant("humanuser" if not by_system else "dataprocessor")]
                },
                "who": _reference(USER_SYSTEM, str(event["user_id"]), event.get("user")),
                "requestor": not by_system,
            }
        )
    if event.get("system_id") and by_system:
        agents.append(
            {
                "who": _reference(SYSTEM_SYSTEM, str(event["system_id"]), event.get("system")),
                "requestor": True,
            }
        )
    return agents or [{"who": {"display": "not known"}, "requestor": True}]


def _participant(code: str) -> Json:
    return _coding("http://terminology.hl7.org/CodeSystem/extra-security-role-type", code)


def _entity(event: Json) -> Json | None:
    """What it happened to, and all that the trail says of it beside."""
    made: Json = {}
    if event.get("object"):
        made["what"] = _reference(OBJECT_SYSTEM, event["object"], None)
        made["type"] = _coding(
            "http://terminology.hl7.org/CodeSystem/audit-entity-type", "2", "System Object"
        )
    named = {name: event.get(name) for name in _TOLD}
    if event["action"] not in _OF_SYSTEM:
        named["system"] = event.get("system")
    named["company"] = event.get("company")
    details = {**named, **(event.get("details") or {})}
    told = [
        {"type": _text(name), "valueString": _text(value)}
        for name, value in details.items()
        if value not in (None, "", [], {}) and name != "reason"
    ]
    if told:
        made["detail"] = told
    return made or None


_NOT_IN_STRINGS = re.compile(r"[^\S \r\n\t]|[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _text(value: object) -> str:
    """As a string of FHIR may be: no control characters, and no space but the plain one."""
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _NOT_IN_STRINGS.sub(" ", said)


def _coding(system: str, code: str, display: str | None = None) -> Json:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def _reference(system: str, value: str, display: str | None) -> Json:
    made: Json = {"identifier": {"system": system, "value": _text(value)}}
    if display:
        made["display"] = _text(display)
    return made
