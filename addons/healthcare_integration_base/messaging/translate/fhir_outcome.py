# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""OperationOutcome: what became of a request, in words of the error registry alone."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ErrorSpec, FieldError, MessageError
from ..event import JsonObject, JsonValue

CODE_SYSTEM = "urn:hc:error"
_ISSUES = 50


def operation_outcome(
    error: MessageError | None, *, text: str = "The message is kept."
) -> JsonObject:
    """One issue, or one for each field that breaks the contract."""
    issues: list[JsonValue] = []
    if error is None:
        issues.append(
            {"severity": "information", "code": "informational", "details": {"text": text}}
        )
    else:
        named: Sequence[FieldError | None] = error.errors[:_ISSUES] or (None,)
        issues += [_issue(error.spec, field) for field in named]
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(spec: ErrorSpec, field: FieldError | None) -> JsonObject:
    coding: JsonObject = {"system": CODE_SYSTEM, "code": spec.code}
    issue: JsonObject = {
        "severity": "error",
        "code": spec.fhir,
        "details": {"coding": [coding], "text": spec.title},
        "diagnostics": spec.action if field is None else f"{spec.action} ({field.rule})",
    }
    if field is not None and field.pointer:
        issue["expression"] = [expression(field.pointer)]
    return issue


def expression(pointer: str) -> str:
    """A JSON pointer as a FHIRPath: ``/lines/0/quantity`` is ``lines[0].quantity``."""
    path = ""
    for part in pointer.strip("/").split("/"):
        path += f"[{part}]" if part.isdigit() else f".{part}"
    return path.lstrip(".") or "$this"
