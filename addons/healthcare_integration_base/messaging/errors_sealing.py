# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What goes wrong with the sealing of the audit trail, and what a verification finds."""

from __future__ import annotations

from .errors import ErrorSpec, Kind, register

SEAL_FAILED = "seal_failed"
EXPORT_FAILED = "audit_export_failed"
EXPORT_AHEAD = "audit_export_ahead"
TAMPERED = "audit_tampered"

for _code, _kind, _title, _action in (
    (
        SEAL_FAILED,
        Kind.TRANSIENT,
        "The audit trail cannot be sealed.",
        "Look at the log's error: an older schema, no signing key, or a damaged tree.",
    ),
    (
        EXPORT_FAILED,
        Kind.TRANSIENT,
        "Checkpoints of the audit trail cannot be written outside the database.",
        "Make the folder or the system log reachable; what is missing is written then.",
    ),
    (
        EXPORT_AHEAD,
        Kind.PERSON,
        "The exported checkpoints are not those of this database.",
        "Find out whether the database was restored; then accept that, or take it for tampering.",
    ),
    (
        TAMPERED,
        Kind.PERSON,
        "The audit trail is not as it was sealed.",
        "Keep database and exported file as they are, and find out who has changed what.",
    ),
):
    register(ErrorSpec(_code, 0, _kind, _title, _action, "processing", ("E", "207")))
