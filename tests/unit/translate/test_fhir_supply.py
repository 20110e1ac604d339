# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from __future__ import annotations

import copy
import json
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messaging import guard
from messaging.errors import FieldError, MessageError
from messaging.event import Event, JsonValue
from messaging.translate import fhir
from translate_samples import delivery, request

ALL = frozenset(
    {"supply.consumed.v1", "supply.returned.v1", "supply.transferred.v1", "supply.requested.v1"}
)
USE = frozenset({"supply.consumed.v1", "supply.returned.v1"})


def event(
    resource: dict[str, Any], accepts: Collection[str] = ALL, meaning: str | None = None
) -> Event:
    options = {"delivery_meaning": meaning} if meaning else {}
    (found,) = fhir.events(resource, accepts, options)
    return found


def line(found: Event) -> dict[str, Any]:
    lines = found.data["lines"]
    assert isinstance(lines, list) and len(lines) == 1 and isinstance(lines[0], dict)
    return lines[0]


def test_a_completed_delivery_to_a_patient_is_use() -> None:
    found = event(delivery())
    assert found.type == "supply.consumed.v1"
    assert found.data == {
        "location": "ICU",
        "consumed_at": "2026-11-20T09:30:00+01:00",
        "transaction": "urn:cabinet|TX-77",
        "lines": [
            {
                "line": "1",
                "item": {"system": "gtin", "value": "00380740000011"},
                "quantity": Decimal("2.50"),
                "uom": "{box}",
            }
        ],
        "patient": {"mrn": "p-9"},
    }
    assert found.id == "urn:cabinet|TX-77"
    assert found.source == "urn:fhir:SupplyDelivery"
    assert found.key == ("SupplyDelivery", "urn:cabinet|TX-77", "version:3")
    assert found.time == datetime.fromisoformat("2026-11-20T10:00:00+01:00")
    assert (found.reuse, found.relaxed, found.ignored) == ("refuse", True, None)


@pytest.mark.parametrize(
    ("accepts", "meaning", "type_"),
    [
        (ALL, "use", "supply.consumed.v1"),
        (ALL, "transfer", "supply.transferred.v1"),
        (USE, None, "supply.consumed.v1"),
        ({"supply.transferred.v1"}, None, "supply.transferred.v1"),
    ],
)
def test_without_a_patient_the_channel_says(
    accepts: Collection[str], meaning: str | None, type_: str
) -> None:
    assert event(delivery(patient=None), accepts, meaning).type == type_


def test_a_channel_that_does_not_say() -> None:
    with pytest.raises(MessageError, match="not_configured"):
        event(delivery(patient=None))


def test_a_type_that_the_channel_does_not_take() -> None:
    for accepts, meaning in ((USE, "transfer"), (set(), "use"), ({"supply.requested.v1"}, None)):
        with pytest.raises(MessageError, match="type_not_accepted"):
            event(delivery(patient=None), accepts, meaning)
    with pytest.raises(MessageError, match="type_not_accepted"):
        event(delivery(), {"supply.transferred.v1"}, "transfer")


def test_entered_in_error_brings_it_back() -> None:
    found = event(delivery(status="entered-in-error"))
    assert found.type == "supply.returned.v1"
    assert found.data == event(delivery()).data
    with pytest.raises(MessageError, match="not_supported"):
        event(delivery(status="entered-in-error", patient=None), ALL, "transfer")


@pytest.mark.parametrize("status", ["in-progress", "abandoned", None])
def test_other_statuses_have_no_effect(status: str | None) -> None:
    assert event(delivery(status=status)).ignored == "status_without_effect"


@pytest.mark.parametrize("status", ["COMPLETED", "done", "", 1, None])
def test_unknown_status(status: object) -> None:
    with pytest.raises(MessageError, match="malformed_fhir"):
        event({**delivery(), "status": status})


@pytest.mark.parametrize(
    ("system", "meant"),
    [
        (None, "local"),
        ("urn:oid:1.3.160", "gtin"),
        ("http://hl7.org/fhir/NamingSystem/gs1-di", "gtin"),
        ("http://hl7.org/fhir/NamingSystem/hibcc-dI", "hibc"),
        ("udi-di", "udi-di"),
        ("http://snomed.info/sct", "http://snomed.info/sct"),
    ],
)
def test_code_systems(system: str | None, meant: str) -> None:
    coding = {"code": "X1"} | ({"system": system} if system else {})
    found = event(delivery(suppliedItem={"itemCodeableConcept": {"coding": [coding]}}))
    assert line(found) == {"line": "1", "item": {"system": meant, "value": "X1"}}


@pytest.mark.parametrize(
    ("reference", "item"),
    [
        ({"reference": "Device/d-5"}, ("local", "d-5")),
        ({"reference": "https://e.example/Device/d-5/_history/2"}, ("local", "d-5")),
        ({"identifier": {"system": "urn:x", "value": "77"}}, ("urn:x", "77")),
        ({"identifier": {"value": "77"}, "reference": "Device/d-5"}, ("local", "77")),
        ({"reference": "#m"}, ("urn:m", "med")),
        ({"reference": "#d"}, ("urn:d", "D-1")),
        ({"reference": "#none"}, None),
        ({"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}, None),
        ({"display": "Gloves"}, None),
    ],
)
def test_item_by_reference(reference: dict[str, Any], item: tuple[str, str] | None) -> None:
    contained = [
        {
            "resourceType": "Medication",
            "id": "m",
            "code": {"coding": [{"system": "urn:m", "code": "med"}]},
        },
        {"resourceType": "Device", "id": "d", "identifier": [{"system": "urn:d", "value": "D-1"}]},
    ]
    found = event(delivery(contained=contained, suppliedItem={"itemReference": reference}))
    expected = {"system": item[0], "value": item[1]} if item else None
    assert line(found).get("item") == expected


@pytest.mark.parametrize(
    ("members", "moment"),
    [
        ({"occurrenceDateTime": "2026-11-20"}, "2026-11-20"),
        ({"occurrencePeriod": {"start": "2026-11-19", "end": "2026-11-20"}}, "2026-11-20"),
        ({"occurrencePeriod": {"start": "2026-11-19"}}, "2026-11-19"),
        ({"occurrenceTiming": {"event": ["2026-11-18", "2026-11-20"]}}, "2026-11-18"),
        ({"occurrenceTiming": {"code": {"text": "daily"}}}, None),
        ({}, None),
    ],
)
def test_when(members: dict[str, Any], moment: str | None) -> None:
    found = event(delivery(occurrenceDateTime=None) | members)
    assert found.data.get("consumed_at") == moment


@pytest.mark.parametrize("moment", ["2026", "2026-11"])
def test_no_day_to_date_stock_with(moment: str) -> None:
    with pytest.raises(MessageError, match="contract_invalid") as caught:
        event(delivery(occurrenceDateTime=moment))
    assert caught.value.errors == (FieldError("/consumed_at", "format"),)


def test_less_than_ten_is_no_quantity() -> None:
    item = {"quantity": {"value": 10, "comparator": "<"}}
    with pytest.raises(MessageError, match="contract_invalid") as caught:
        event(delivery(suppliedItem=item))
    assert caught.value.errors == (FieldError("/lines/0/quantity", "comparator"),)


@pytest.mark.parametrize(
    ("destination", "place"),
    [
        ({"display": "Location 1"}, {"location": "Location 1"}),
        ({"reference": "Location/ICU-2", "display": "x"}, {"location": "ICU-2"}),
        ({"identifier": {"value": "ICU"}}, {"location": "ICU"}),
        ({"identifier": {"system": "urn:places", "value": "ICU"}}, {"location": "ICU"}),
        (None, {}),
    ],
)
def test_where(destination: dict[str, Any] | None, place: dict[str, str]) -> None:
    data = event(delivery(destination=destination)).data
    assert {name: data[name] for name in ("facility", "location") if name in data} == place


@pytest.mark.parametrize(
    ("patient", "meant"),
    [
        ({"identifier": {"system": "urn:h", "value": "M-1"}}, {"mrn": "M-1", "authority": "urn:h"}),
        ({"reference": "https://e.example/Patient/p-3"}, {"mrn": "p-3"}),
        ({"reference": "#p"}, {"mrn": "MRN-5", "authority": "urn:mr"}),
        ({"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}, None),
        ({"display": "Theodora Quillfeather"}, None),
    ],
)
def test_whose(patient: dict[str, Any], meant: dict[str, str] | None) -> None:
    contained = [
        {
            "resourceType": "Patient",
            "id": "p",
            "identifier": [
                {"value": "first"},
                {"type": {"coding": [{"code": "MR"}]}, "system": "urn:mr", "value": "MRN-5"},
            ],
        }
    ]
    found = event(delivery(patient=patient, contained=contained), USE)
    assert found.data.get("patient") == meant
    assert found.type == "supply.consumed.v1"


def test_what_the_key_is_made_of() -> None:
    def version(**meta: str) -> str:
        return event(delivery(meta=meta or None)).key[2]

    assert version(versionId="3") == "version:3"
    assert version(lastUpdated="2026-11-20T10:00:00Z") == "updated:2026-11-20T10:00:00Z"
    digest = version()
    assert digest.startswith("digest:") and digest == version()
    assert digest != event(delivery(meta=None, occurrenceDateTime="2026-11-21")).key[2]
    assert event(delivery(identifier=None)).key[1] == "d-1"
    nameless = event(delivery(identifier=None, id=None))
    assert nameless.key[1] == "" and nameless.weak_key and len(nameless.id) == 64
    assert "transaction" not in nameless.data


def test_personal_values_are_named() -> None:
    contained = [
        {
            "resourceType": "Patient",
            "id": "p",
            "name": [{"family": "Quillfeather", "given": ["Theodora", "J"]}],
            "birthDate": "1970-02-28",
            "address": [{"line": ["12 Larch Row"], "city": "ICU", "postalCode": "45678"}],
            "telecom": [{"value": "+45 5550 1234"}],
            "identifier": [{"system": "urn:mr", "value": "MRN-5"}],
        }
    ]
    found = event(
        delivery(
            contained=contained,
            supplier={"reference": "Practitioner/n-5", "display": "Beatrice Hartwell"},
            receiver=[{"reference": "Organization/o-1", "display": "Central Store"}],
        )
    )
    assert found.personal >= {
        "Theodora Quillfeather",
        "Quillfeather",
        "p-9",
        "Patient/p-9",
        "1970-02-28",
        "19700228",
        "12 Larch Row",
        "45678",
        "+45 5550 1234",
        "MRN-5",
        "urn:mr|MRN-5",
        "Beatrice Hartwell",
        "n-5",
    }
    assert not found.personal & {"ICU", "Central Store", "o-1", "J"}


def test_a_transaction_made_of_a_record_number_is_personal() -> None:
    found = event(delivery(identifier=[{"system": "urn:c", "value": "p-9"}]))
    assert {"urn:c|p-9", "p-9"} <= found.personal
    assert found.data["transaction"] == found.id == "urn:c|p-9"


def test_an_active_request_is_demand() -> None:
    found = event(request())
    assert found.type == "supply.requested.v1"
    assert found.data == {
        "location": "WARD-2",
        "requested_at": "2026-11-20",
        "transaction": "r-1",
        "lines": [{"line": "1", "item": {"system": "local", "value": "glove-m"}, "quantity": 40}],
    }
    assert found.ignored is None
    assert {"Beatrice Hartwell", "n-5"} <= found.personal
    later = event(request(authoredOn=None, occurrenceDateTime="2026-11-21"))
    assert later.data["requested_at"] == "2026-11-21"


@pytest.mark.parametrize("status", ["draft", "completed", "cancelled", "entered-in-error"])
def test_other_requests_have_no_effect(status: str) -> None:
    assert event(request(status=status)).ignored == "status_without_effect"


def test_a_request_that_no_channel_takes() -> None:
    with pytest.raises(MessageError, match="type_not_accepted"):
        event(request(), USE)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"identifier": []}, "/identifier"),
        ({"identifier": {"value": "x"}}, "/identifier"),
        ({"identifier": [{"value": 7}]}, "/identifier/value"),
        ({"suppliedItem": []}, "/suppliedItem"),
        ({"suppliedItem": {}}, "/suppliedItem"),
        ({"suppliedItem": {"quantity": {"value": "2"}}}, "/suppliedItem/quantity/value"),
        ({"suppliedItem": {"quantity": {"value": True}}}, "/suppliedItem/quantity/value"),
        ({"occurrencePeriod": {"start": "2026-11-19"}}, "/occurrence[x]"),
        ({"occurrenceDateTime": "20.11.2026"}, "/occurrenceDateTime"),
        ({"patient": "Patient/1"}, "/patient"),
        ({"patient": {}}, "/patient"),
        ({"meta": {"versionId": 3}}, "/meta/versionId"),
        ({"id": "a b"}, "/id"),
        ({"contained": [1]}, "/contained"),
    ],
)
def test_wrong_json(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(MessageError, match="malformed_fhir") as caught:
        event(delivery(**changes))
    assert [error.pointer for error in caught.value.errors] == [path]


def test_null_is_not_absent() -> None:
    with pytest.raises(MessageError, match="malformed_fhir"):
        event({**delivery(), "destination": None})


@pytest.mark.parametrize("where", ["modifierExtension", "implicitRules"])
def test_what_changes_the_meaning_is_not_skipped(where: str) -> None:
    with pytest.raises(MessageError, match="not_supported"):
        event(delivery(**{where: [{"url": "urn:x"}]}))


def test_other_resources() -> None:
    assert fhir.types_of({"resourceType": "Patient"}) == frozenset()
    assert "supply.consumed.v1" in fhir.types_of(delivery())
    with pytest.raises(MessageError, match="not_supported"):
        fhir.events({"resourceType": "Patient"}, ALL, {})
    for body in (None, [], "x", 1, {}, {"resourceType": 1}, {"id": "x"}):
        with pytest.raises(MessageError, match="malformed_fhir"):
            fhir.types_of(body)
        with pytest.raises(MessageError, match="malformed_fhir"):
            fhir.events(body, ALL, {})


@pytest.mark.parametrize("value", ["x" * 300, "line\nbreak", "bell\x07"])
def test_attributes_have_a_limit(value: str) -> None:
    with pytest.raises(MessageError, match="envelope_invalid"):
        event(delivery(identifier=[{"value": value}]))


LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | st.text(max_size=8)
    | st.sampled_from(["completed", "2026-11-20", "#p", "Patient/1", "9999-12-31T23:59:59-14:00"])
)
JSON: st.SearchStrategy[Any] = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [prefix] if prefix else []
    for key, item in inner:
        found += paths(item, (*prefix, key)) if isinstance(item, dict | list) else [(*prefix, key)]
    return found


def mutate(resource: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    mutated = copy.deepcopy(resource)
    for _ in range(data.draw(st.integers(1, 3))):
        places = paths(mutated)
        if not places:
            break
        *way, last = data.draw(st.sampled_from(places))
        parent: Any = mutated
        for key in way:
            parent = parent[key]
        parent[last] = data.draw(JSON)
    return mutated


@settings(max_examples=300)
@given(st.data(), st.sampled_from(["delivery", "request", "full"]))
def test_mutations_raise_nothing_but_refusals(data: st.DataObject, which: str) -> None:
    full = delivery(
        contained=[{"resourceType": "Patient", "id": "p", "name": [{"family": "Quill"}]}],
        patient={"reference": "#p"},
        supplier={"display": "Beatrice"},
    )
    base = {"delivery": delivery(), "request": request(), "full": full}[which]
    body = mutate(base, data)
    try:
        for found in fhir.events(body, ALL, {"delivery_meaning": "use"}):
            assert found.type in ALL
    except MessageError as error:
        assert fhir.operation_outcome(error)["issue"]


@given(JSON)
def test_any_json_raises_nothing_but_refusals(body: JsonValue) -> None:
    supplied = {"resourceType": "SupplyDelivery", "suppliedItem": body, "contained": body}
    for resource in (body, supplied):
        for call in (fhir.types_of, lambda it: fhir.events(it, ALL, {}), fhir.bundle_entries):
            try:
                call(resource)
            except MessageError as error:
                assert error.spec.status


def test_types_of_what_is_contained_may_be_anything() -> None:
    assert event(delivery(contained=[{"resourceType": []}])).type == "supply.consumed.v1"


def test_numbers_come_from_the_guard_as_they_were_sent() -> None:
    raw = json.dumps(delivery(suppliedItem={"quantity": {"value": 0.1}})).encode()
    resource = guard.parse_json(raw)
    (found,) = fhir.events(resource, ALL, {})
    assert line(found)["quantity"] == Decimal("0.1")
