# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Reading JSON as FHIR R4 wants it: absent is fine, another JSON type is not.

A FHIR object or array is never empty and a member never null. Every function raises
``malformed_fhir`` with the path of the element, which is a name of the standard.
"""

from __future__ import annotations

import re
from decimal import Decimal

from ..errors import FieldError, MessageError
from ..event import JsonObject, JsonValue

_DATE_TIME = re.compile(
    r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?)?)?", re.ASCII
)
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)


def malformed(path: str, rule: str = "type") -> MessageError:
    return MessageError("malformed_fhir", errors=[FieldError(path, rule)])


def as_object(value: JsonValue, path: str) -> JsonObject:
    if not isinstance(value, dict) or not value:
        raise malformed(path)
    return value


def child(parent: JsonObject, name: str, path: str = "") -> JsonObject | None:
    """A complex element; None when absent."""
    return as_object(parent[name], f"{path}/{name}") if name in parent else None


def children(parent: JsonObject, name: str, path: str = "") -> list[JsonObject]:
    """A repeating complex element; empty when absent."""
    if name not in parent:
        return []
    value = parent[name]
    if not isinstance(value, list) or not value:
        raise malformed(f"{path}/{name}")
    return [as_object(item, f"{path}/{name}") for item in value]


def text(parent: JsonObject, name: str, path: str = "") -> str | None:
    """A string, code or URI; None when absent."""
    if name not in parent:
        return None
    value = parent[name]
    if not isinstance(value, str) or not value.strip():
        raise malformed(f"{path}/{name}")
    return value.strip()


def number(parent: JsonObject, name: str, path: str = "") -> Decimal | int | None:
    if name not in parent:
        return None
    value = parent[name]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise malformed(f"{path}/{name}")
    return value


def date_time(parent: JsonObject, name: str, path: str = "") -> str | None:
    value = text(parent, name, path)
    if value is not None and not _DATE_TIME.fullmatch(value):
        raise malformed(f"{path}/{name}", "format")
    return value


def is_id(value: str) -> bool:
    """Whether it is a FHIR id."""
    return bool(_ID.fullmatch(value))


def choice(parent: JsonObject, stem: str, *types: str) -> str | None:
    """The member of a choice[x] that is there; two of them contradict each other."""
    found = [stem + kind for kind in types if stem + kind in parent]
    if len(found) > 1:
        raise malformed(f"/{stem}[x]", "choice")
    return found[0] if found else None


def refuse_modifiers(element: JsonObject) -> None:
    """An extension that changes the meaning may not be skipped (FHIR, 2.4.0.2)."""
    if "modifierExtension" in element or "implicitRules" in element:
        raise MessageError("not_supported")
