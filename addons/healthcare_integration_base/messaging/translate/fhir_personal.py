# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Values of a FHIR resource that name a person, so that intake can find them elsewhere.

As with HL7 v2, parts of names and addresses are weak: they do not count against the codes
of the same event that are looked up. Wrong JSON types here are skipped, not refused: what
only has to be found need not be valid.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..event import JsonObject, JsonValue

MINIMUM_LENGTH = 3
# Members that refer to people, in the resources that are translated.
_PEOPLE = frozenset(
    {"patient", "subject", "requester", "supplier", "receiver", "performer", "practitioner",
     "actor", "individual", "enterer", "author", "authorReference"}
)  # fmt: skip
MEMBERS = _PEOPLE
_PERSON_TYPES = frozenset(
    {"Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Person"}
)
# What belongs to one person has a number that tells who it is.
_NUMBERED_TYPES = _PERSON_TYPES | {"Encounter", "EpisodeOfCare", "Account", "Coverage"}
_OTHER_TYPES = frozenset(
    {"Organization", "Location", "HealthcareService", "Device", "Group", "CareTeam"}
)


def collect(resource: JsonObject) -> tuple[frozenset[str], frozenset[str]]:
    """Strong and weak personal values."""
    found = [*_of_references(resource), *_of_contained(resource)]
    usable = [(value.strip(), strong) for value, strong in found]
    strong = {value for value, is_strong in usable if is_strong and _long(value)}
    weak = {value for value, is_strong in usable if not is_strong and _long(value)}
    return frozenset(strong), frozenset(weak - strong)


def _long(value: str) -> bool:
    return len(value) >= MINIMUM_LENGTH


def _objects(value: JsonValue) -> Iterator[JsonObject]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item


def _strings(value: JsonValue) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item


def _of_references(element: JsonObject) -> Iterator[tuple[str, bool]]:
    """References to people, however deep within."""
    for name, value in element.items():
        for inner in _objects(value):
            if _is_personal(name, inner):
                yield from _reference(inner)
            yield from _of_references(inner)


def _is_personal(name: str, reference: JsonObject) -> bool:
    kind = _kind(reference)
    return kind in _NUMBERED_TYPES or (name in _PEOPLE and kind not in _OTHER_TYPES)


def _kind(reference: JsonObject) -> str:
    link, kind = reference.get("reference"), reference.get("type")
    if isinstance(kind, str):
        return kind
    parts = link.split("/") if isinstance(link, str) else []
    return parts[-2] if len(parts) > 1 else ""


def _reference(reference: JsonObject) -> Iterator[tuple[str, bool]]:
    for value in _strings(reference.get("display")):
        yield value, False
    for identifier in _objects(reference.get("identifier")):
        yield from _identifier(identifier)
    for link in _strings(reference.get("reference")):
        yield link, True
        yield link.rsplit("/", 1)[-1], True


def _identifier(identifier: JsonObject) -> Iterator[tuple[str, bool]]:
    for value in _strings(identifier.get("value")):
        yield value, True
        for system in _strings(identifier.get("system")):
            yield f"{system}|{value}", True


def _of_contained(resource: JsonObject) -> Iterator[tuple[str, bool]]:
    for inner in _objects(resource.get("contained")):
        if _PERSON_TYPES.intersection(_strings(inner.get("resourceType"))):
            yield from _person(inner)


def _person(person: JsonObject) -> Iterator[tuple[str, bool]]:
    for identifier in _objects(person.get("identifier")):
        yield from _identifier(identifier)
    for name in _objects(person.get("name")):
        yield from _name(name)
    for contact in _objects(person.get("telecom")):
        yield from ((value, True) for value in _strings(contact.get("value")))
    for address in _objects(person.get("address")):
        yield from _address(address)
    for day in _strings(person.get("birthDate")):
        yield day, True
        yield day.replace("-", ""), True


def _name(name: JsonObject) -> Iterator[tuple[str, bool]]:
    families, given = [*_strings(name.get("family"))], [*_strings(name.get("given"))]
    for value in (*families, *given):
        yield value, False
    for value in _strings(name.get("text")):
        yield value, True
    for last in families:
        for first in given[:1]:
            yield from ((value, True) for value in _whole(first, last))


def _whole(first: str, last: str) -> tuple[str, ...]:
    return f"{first} {last}", f"{last} {first}", f"{last}, {first}"


def _address(address: JsonObject) -> Iterator[tuple[str, bool]]:
    for name in ("line", "text"):
        yield from ((value, True) for value in _strings(address.get(name)))
    for name in ("city", "district", "postalCode"):
        yield from ((value, False) for value in _strings(address.get(name)))
