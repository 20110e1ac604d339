# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""References, identifiers and codes of FHIR R4."""

from __future__ import annotations

from dataclasses import dataclass

from ..event import JsonObject
from . import codes
from .fhir_read import child, children, is_id, text


@dataclass(frozen=True, slots=True)
class Identifier:
    """A business identifier."""

    value: str
    system: str | None = None

    def __str__(self) -> str:
        return f"{self.system}|{self.value}" if self.system else self.value


def identifier(element: JsonObject, path: str) -> Identifier | None:
    """An Identifier; None without a value."""
    value = text(element, "value", path)
    return Identifier(value, text(element, "system", path)) if value else None


def first_identifier(resource: JsonObject) -> Identifier | None:
    """The first of the resource's identifiers that has a value."""
    for element in children(resource, "identifier"):
        found = identifier(element, "/identifier")
        if found:
            return found
    return None


def typed_identifier(resource: JsonObject, kind: str) -> Identifier | None:
    """The identifier of a type of table 0203, else the first."""
    for element in children(resource, "identifier"):
        found = identifier(element, "/identifier")
        concept = element.get("type")
        if found and isinstance(concept, dict) and _is_of_kind(concept, kind):
            return found
    return first_identifier(resource)


def record_number(resource: JsonObject) -> Identifier | None:
    """The medical record number, else the first identifier."""
    return typed_identifier(resource, "MR")


def _is_of_kind(concept: JsonObject, kind: str) -> bool:
    return any(coding.get("code") == kind for coding in children(concept, "coding", "/type"))


def target(reference: JsonObject, path: str, contained: dict[str, JsonObject]) -> Identifier | None:
    """Whom a reference means: its identifier, what it contains, else the id it points to.

    A ``urn:`` means something within one Bundle only, so it identifies nothing here.
    """
    nested = child(reference, "identifier", path)
    found = identifier(nested, f"{path}/identifier") if nested else None
    if found:
        return found
    link = text(reference, "reference", path)
    if link is None or link.startswith("urn:"):
        return None
    if link.startswith("#"):
        resource = contained.get(link[1:])
        return record_number(resource) if resource else None
    return _linked(link)


def kind_of(reference: JsonObject, contained: dict[str, JsonObject]) -> str:
    """The type of resource that a reference means; empty where it does not say."""
    kind, link = reference.get("type"), reference.get("reference")
    if not isinstance(link, str):
        return kind if isinstance(kind, str) else ""
    if link.startswith("#"):
        kind = contained.get(link[1:], {}).get("resourceType", kind)
    if isinstance(kind, str):
        return kind
    parts = link.split("?")[0].split("/_history/")[0].rstrip("/").split("/")
    return parts[-2] if len(parts) > 1 else ""


def _linked(link: str) -> Identifier | None:
    parts = link.split("?")[0].split("/_history/")[0].rstrip("/").rsplit("/", 1)
    return Identifier(parts[-1]) if len(parts) == 2 and is_id(parts[-1]) else None


def contained_by_id(resource: JsonObject) -> dict[str, JsonObject]:
    """Contained resources by their local id."""
    found: dict[str, JsonObject] = {}
    for inner in children(resource, "contained"):
        local = text(inner, "id", "/contained")
        if local:
            found[local] = inner
    return found


def coded(concept: JsonObject, path: str) -> JsonObject | None:
    """The first coding with a code, as a canonical code."""
    for coding in children(concept, "coding", path):
        value = text(coding, "code", f"{path}/coding")
        if value:
            return codes.code(codes.from_uri(text(coding, "system", f"{path}/coding")), value)
    return None
