# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a verification may find, and what it says in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MOST = 1000
"""So many findings are kept; one is enough to know that the trail is not what it was."""


class Kind(StrEnum):
    """What is wrong."""

    EVENT_CHANGED = "event_changed"
    EVENT_DELETED = "event_deleted"
    EVENT_INSERTED = "event_inserted"
    EVENT_REORDERED = "event_reordered"
    BATCH_CHANGED = "batch_changed"
    LEAF_CHANGED = "leaf_changed"
    LEAF_MISSING = "leaf_missing"
    LEAF_SURPLUS = "leaf_surplus"
    NODE_CHANGED = "node_changed"
    CHECKPOINT_CHANGED = "checkpoint_changed"
    CHECKPOINT_MISSING = "checkpoint_missing"
    CHECKPOINT_SIGNATURE = "checkpoint_signature"
    KEY_UNKNOWN = "key_unknown"
    TAIL_CUT = "tail_cut"
    OTHER_HISTORY = "other_history"
    EXPORT_CHANGED = "export_changed"
    EXPORT_CUT = "export_cut"


SENTENCES = {
    Kind.EVENT_CHANGED: "The event is not as it was sealed.",
    Kind.EVENT_DELETED: "The event was sealed and is gone, and nothing tells of its pruning.",
    Kind.EVENT_INSERTED: "The event was put in afterwards: its transaction had ended before.",
    Kind.EVENT_REORDERED: "The event stands at another place than where it was sealed.",
    Kind.BATCH_CHANGED: "Events and hashes of this checkpoint do not make its root.",
    Kind.LEAF_CHANGED: "The kept hash of the event is not the one that was sealed.",
    Kind.LEAF_MISSING: "The kept hash of a sealed event is gone.",
    Kind.LEAF_SURPLUS: "There are hashes behind the last checkpoint.",
    Kind.NODE_CHANGED: "A kept node of the tree is not what its leaves make.",
    Kind.CHECKPOINT_CHANGED: "The checkpoint does not say what was signed, or does not follow.",
    Kind.CHECKPOINT_MISSING: "A checkpoint is missing between others.",
    Kind.CHECKPOINT_SIGNATURE: "The signature of the checkpoint does not verify.",
    Kind.KEY_UNKNOWN: "The checkpoint is signed by a key that nobody vouches for.",
    Kind.TAIL_CUT: "The exported file has checkpoints that the database has not.",
    Kind.OTHER_HISTORY: "The exported file tells another history than the database.",
    Kind.EXPORT_CHANGED: "The exported file is not as it was written.",
    Kind.EXPORT_CUT: "The exported file lacks checkpoints that were written to it.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with the event and the checkpoint that it is about."""

    kind: Kind
    event_id: int | None = None
    checkpoint: int | None = None

    def __str__(self) -> str:
        where = [
            f"{name} {value}"
            for name, value in (("event", self.event_id), ("checkpoint", self.checkpoint))
            if value is not None
        ]
        return f"{self.kind} ({', '.join(where) or 'trail'}): {SENTENCES[self.kind]}"


@dataclass(slots=True)
class Report:
    """What a verification has looked at, and what it has found."""

    findings: list[Finding] = field(default_factory=list)
    checkpoints: int = 0
    leaves: int = 0
    pruned: int = 0
    unsealed: int = 0
    exported: int | None = None
    keys: list[str] = field(default_factory=list)
    moves: list[int] = field(default_factory=list)
    """Checkpoints at which the database came to another PostgreSQL cluster."""

    def add(self, kind: Kind, event_id: int | None = None, checkpoint: int | None = None) -> None:
        """Keep a finding, once."""
        finding = Finding(kind, event_id, checkpoint)
        if len(self.findings) < MOST and finding not in self.findings:
            self.findings.append(finding)

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def first(self) -> Finding | None:
        """The finding about the earliest event; without an event at hand, of the earliest
        checkpoint."""
        return min(self.findings, key=_place, default=None)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        first = self.first
        return {
            "sound": self.is_sound,
            "checkpoints": self.checkpoints,
            "leaves": self.leaves,
            "pruned": self.pruned,
            "unsealed": self.unsealed,
            "exported": self.exported,
            "keys": self.keys,
            "moved_at": self.moves,
            "first": first and _told(first),
            "findings": [_told(one) for one in self.findings],
        }


def _place(finding: Finding) -> tuple[bool, int, int]:
    return (
        finding.event_id is None,
        finding.event_id or 0,
        finding.checkpoint or 0,
    )


def _told(finding: Finding) -> dict[str, object]:
    return {
        "kind": str(finding.kind),
        "event": finding.event_id,
        "checkpoint": finding.checkpoint,
        "sentence": SENTENCES[finding.kind],
    }
