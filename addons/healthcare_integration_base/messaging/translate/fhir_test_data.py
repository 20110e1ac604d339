# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Resources that say of themselves that they are test data (FHIR R4, Resource.meta.security:
HTEST of v3-ActReason, http://hl7.org/fhir/R4/security-labels.html)."""

from __future__ import annotations

from ..event import JsonObject

SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
CODE = "HTEST"


def is_test(resource: JsonObject) -> bool:
    """Whether a resource or a Bundle carries the label."""
    meta = resource.get("meta")
    labels = meta.get("security") if isinstance(meta, dict) else None
    return isinstance(labels, list) and any(
        isinstance(one, dict) and one.get("code") == CODE and one.get("system", SYSTEM) == SYSTEM
        for one in labels
    )


def marked(resource: JsonObject) -> JsonObject:
    """The resource of a Bundle that carries the label: it holds for all of it."""
    if is_test(resource):
        return resource
    meta = resource.get("meta")
    known = meta if isinstance(meta, dict) else {}
    labels = known.get("security")
    kept = labels if isinstance(labels, list) else []
    return {
        **resource,
        "meta": {**known, "security": [*kept, {"system": SYSTEM, "code": CODE}]},
    }
