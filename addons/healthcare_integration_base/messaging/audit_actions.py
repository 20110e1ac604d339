# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the audit trail tells of: each action with its name, and what kind of act it is.

Whatever is appended to the trail is listed here; a test looks for it. What an addon of its own
appends, it adds to the selection of ``hc.audit.event`` (``selection_add``) and here by
:func:`register`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verb = Literal["C", "R", "U", "D", "E"]
"""Create, read, update, delete, execute: code system http://hl7.org/fhir/audit-event-action."""


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of event.

    :param label: its name in lists, in English; the selection field translates it
    :param verb: what kind of act it is
    """

    label: str
    verb: Verb


ACTIONS: dict[str, Action] = {
    "access.granted": Action("Role given", "U"),
    "access.revoked": Action("Role taken", "U"),
    "audit.exported": Action("Audit trail exported", "R"),
    "catalog.reviewed": Action("Entry of the catalog reviewed", "U"),
    "channel.activate": Action("Channel approved", "U"),
    "channel.deprecate": Action("Channel deprecated", "U"),
    "channel.paused": Action("Channel paused", "U"),
    "channel.refuse": Action("Channel sent back", "U"),
    "channel.reinstate": Action("Channel no longer deprecated", "U"),
    "channel.resumed": Action("Channel resumed", "U"),
    "channel.retire": Action("Channel retired", "U"),
    "channel.shadow": Action("Channel in shadow", "U"),
    "channel.submit": Action("Channel submitted", "U"),
    "channel.version": Action("New version of a channel", "C"),
    "config.changed": Action("Settings changed", "U"),
    "config.created": Action("Settings created", "C"),
    "config.deleted": Action("Settings deleted", "D"),
    "content.exported": Action("Message content exported", "R"),
    "content.read": Action("Message content read", "R"),
    "credential.used": Action("System logged in", "E"),
    "data.exported": Action("List exported", "R"),
    "endpoint.breaker_closed": Action("Sending resumed", "U"),
    "endpoint.secret_set": Action("Secret of an endpoint set", "U"),
    "endpoint.tested": Action("Endpoint tested", "E"),
    "erasure.cancelled": Action("Erasure cancelled", "U"),
    "erasure.confirmed": Action("Erasure confirmed", "U"),
    "erasure.done": Action("Person erased", "D"),
    "erasure.requested": Action("Erasure requested", "C"),
    "hold.placed": Action("Legal hold placed", "C"),
    "hold.released": Action("Legal hold released", "U"),
    "key.resealed": Action("Secrets encrypted anew", "U"),
    "mapping.activated": Action("Mapping activated", "U"),
    "mapping.retired": Action("Mapping retired", "U"),
    "message.accepted": Action("Message accepted from another than the owner", "U"),
    "message.asked": Action("Receiver asked", "E"),
    "message.cancelled": Action("Message cancelled", "U"),
    "message.delivered": Action("Message delivered", "E"),
    "message.handled": Action("Message handled", "E"),
    "message.queued": Action("Message to be sent", "C"),
    "message.received": Action("Message received", "C"),
    "message.refused": Action("Message refused", "E"),
    "message.replayed": Action("Message replayed", "E"),
    "message.resumed": Action("Message resumed", "E"),
    "message.sent": Action("Message sent", "E"),
    "message.settled": Action("Unknown outcome settled", "U"),
    "message.skipped": Action("Message handled elsewhere", "U"),
    "message.unknown": Action("Outcome unknown", "U"),
    "message.validated": Action("Message tried out", "E"),
    "message_type.activate": Action("Message type approved", "U"),
    "message_type.deprecate": Action("Message type deprecated", "U"),
    "message_type.pause": Action("Message type paused", "U"),
    "message_type.privacy": Action("Looser privacy of a message type approved", "U"),
    "message_type.refuse": Action("Message type sent back", "U"),
    "message_type.reinstate": Action("Message type no longer deprecated", "U"),
    "message_type.resume": Action("Message type resumed", "U"),
    "message_type.retire": Action("Message type retired", "U"),
    "message_type.shadow": Action("Message type in shadow", "U"),
    "message_type.submit": Action("Message type submitted", "U"),
    "message_type.version": Action("New version of a message type", "C"),
    "original.access_granted": Action("Opening of an original granted", "U"),
    "original.access_refused": Action("Opening of an original refused", "U"),
    "original.access_requested": Action("Opening of an original requested", "C"),
    "original.approved": Action("Sealed originals approved", "U"),
    "original.emergency": Action("Original opened in an emergency", "C"),
    "original.emergency_reviewed": Action("Emergency reviewed", "U"),
    "original.opened": Action("Sealed original opened", "R"),
    "original.requested": Action("Sealed originals requested", "U"),
    "original.stopped": Action("Sealed originals stopped", "U"),
    "patient.search": Action("Patient looked for", "R"),
    "policy.approved": Action("Field policy approved", "U"),
    "policy.returned": Action("Field policy sent back", "U"),
    "policy.submitted": Action("Field policy submitted", "U"),
    "pseudonym_key.removed": Action("Pseudonym key removed", "D"),
    "pseudonym_key.rotated": Action("Pseudonym key replaced", "U"),
    "minimization.previewed": Action("Minimization tried out on a sample", "E"),
    "replay.approved": Action("Replay approved", "U"),
    "replay.cancelled": Action("Replay cancelled", "U"),
    "replay.done": Action("Replay done", "E"),
    "replay.dry_run": Action("Replay tried out", "E"),
    "replay.paused": Action("Replay paused", "U"),
    "replay.prepared": Action("Replay prepared", "C"),
    "replay.resumed": Action("Replay resumed", "U"),
    "replay.started": Action("Replay started", "E"),
    "request.refused": Action("Request refused", "E"),
    "restore.asked": Action("Asked to send again", "E"),
    "restore.closed": Action("Restore closed", "U"),
    "restore.paused": Action("Intake paused after a restore", "U"),
    "restore.resumed": Action("Intake resumed after a restore", "U"),
    "restore.started": Action("Restore started", "C"),
    "retention.run": Action("Content pruned", "D"),
    "segments.apart": Action("Separation of the segments changed", "U"),
    "sync.cancelled": Action("Run cancelled", "U"),
    "sync.cursor_set": Action("Cursor set", "U"),
    "sync.finished": Action("Run finished", "E"),
    "sync.reported": Action("Rows of a run exported", "R"),
    "sync.requested": Action("Run requested", "E"),
    "sync.retried": Action("Run tried again", "E"),
    "trail.bundle.exported": Action("Signed bundle of the trail exported", "R"),
    "trail.pruned": Action("Old events of the trail pruned", "D"),
    "trail.proof.exported": Action("Proof of an event exported", "R"),
    "trail.restore.accepted": Action("Restored trail accepted", "U"),
    "trail.retention.changed": Action("Retention of the trail changed", "U"),
    "trail.verified": Action("Audit trail verified", "E"),
    "mllp.client.added": Action("MLLP certificate added", "C"),
    "mllp.client.changed": Action("MLLP certificate changed", "U"),
    "mllp.client.removed": Action("MLLP certificate removed", "D"),
    "mllp.port.changed": Action("MLLP port changed", "U"),
    "mllp.port.created": Action("MLLP port created", "C"),
    "mllp.port.removed": Action("MLLP port removed", "D"),
    "retention.rule.changed": Action("Retention rule changed", "U"),
    "retention.rule.created": Action("Retention rule created", "C"),
    "retention.rule.deleted": Action("Retention rule deleted", "D"),
    "system.limits.changed": Action("Limits of a system changed", "U"),
}

FORMER = frozenset(
    {
        "mllp.client.added",
        "mllp.client.changed",
        "mllp.client.removed",
        "mllp.port.changed",
        "mllp.port.created",
        "mllp.port.removed",
        "retention.rule.changed",
        "retention.rule.created",
        "retention.rule.deleted",
        "system.limits.changed",
    }
)
"""Actions of trails that began before version 1.2, which nothing appends any more."""

FAMILIES: dict[str, str] = {
    "message": "Messages",
    "content": "Content of messages",
    "replay": "Replays",
    "channel": "Channels",
    "message_type": "Message types",
    "policy": "Field policies",
    "mapping": "Mappings",
    "config": "Settings",
    "access": "Roles",
    "credential": "Credentials",
    "key": "Master key",
    "minimization": "Minimization",
    "request": "Refusals",
    "original": "Sealed originals",
    "patient": "Searches by patient",
    "pseudonym_key": "Pseudonym keys",
    "segments": "Segments",
    "endpoint": "Endpoints",
    "sync": "Scheduled jobs",
    "data": "Exports of lists",
    "audit": "Exports of the trail",
    "catalog": "Catalog",
    "trail": "Proof of the trail",
    "retention": "Retention",
    "hold": "Legal holds",
    "erasure": "Erasures",
    "restore": "Restores",
    "mllp": "MLLP ports",
    "system": "Systems",
}
"""What the part of an action before its first dot stands for."""

OUTCOMES: dict[str, str] = {
    "done": "Done",
    "refused": "Refused",
    "failed": "Failed",
    "received": "Received",
    "queued": "To send",
    "retry": "Retry",
    "review": "In review",
    "dead": "Dead",
    "duplicate": "Duplicate",
    "superseded": "Superseded",
    "rejected": "Rejected",
    "cancelled": "Cancelled",
    "unknown": "Unknown",
    "unreached": "Not reached",
    "reached": "Reached",
    "valid": "Valid",
    "changed": "Changed",
    "rolled_back": "Rolled back",
    "refuse": "Refuses what comes",
    "hold": "Keeps what comes",
    "draft": "Draft",
    "in_review": "Submitted",
    "approval": "Waits for approval",
    "running": "Running",
    "paused": "Paused",
    "active": "Active",
    "retired": "Retired",
    "open": "Open",
    "closed": "Closed",
    "enabled": "Enabled",
    "disabled": "Disabled",
    "searching": "Searching",
    "found": "Found",
    "erasing": "Erasing",
}
"""What an event led to, as it is called on screen."""

FAILED = ("refused", "failed", "rejected", "dead", "unreached")
"""Outcomes of what did not come about."""

WAITING = ("retry", "review", "unknown")
"""Outcomes that something or somebody has to follow up."""


def register(**actions: Action) -> None:
    """Add actions of another addon; ``__`` stands for the dot.

    :raise ValueError: where one is known already
    """
    named = {name.replace("__", "."): action for name, action in actions.items()}
    if taken := named.keys() & ACTIONS.keys():
        raise ValueError(f"known already: {sorted(taken)}")
    ACTIONS.update(named)


def verb_of(code: str) -> Verb:
    """What kind of act an action is; one that nobody registered is carried out."""
    action = ACTIONS.get(code)
    return action.verb if action else "E"
