"""FHIR R4: single resources, Bundles, what is refused and not ignored."""

import copy

import pytest
from simulate import documents
from simulate.documents import Use
from support import checks


@pytest.fixture
def ehr(hospital):
    return hospital.sender("fhir")


def use(hospital, quantity=1):
    world = hospital.ehr
    return Use(world.wards[0], world.plain[0], quantity, hospital.use().at)


@pytest.fixture
def delivery(hospital):
    def make(quantity=1, **more):
        made = documents.delivery(hospital.new_id("sd"), use(hospital, quantity), 5)
        return made | more

    return make


def status_of(answer):
    place = answer.headers["Content-Location"]
    assert "/hc/v1/messages/" in place
    return place.rpartition("/")[2]


def bundle(kind, *resources, method="POST"):
    entries = [
        {
            "resource": one,
            "request": {"method": method, "url": one.get("resourceType", "SupplyDelivery")},
        }
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def test_accepted(hospital, ehr, delivery):
    taken = use(hospital)
    before = hospital.on_hand(taken)
    answer = ehr.fhir("SupplyDelivery", delivery(4))
    checks.outcome(answer, 202)
    assert hospital.settled(status_of(answer), "fhir")["state"] == "done"
    assert hospital.on_hand(taken) == before - 4


def test_same_again(hospital, ehr, delivery):
    taken = use(hospital)
    before = hospital.on_hand(taken)
    resource = delivery(2)
    first = ehr.fhir("SupplyDelivery", resource)
    checks.outcome(first, 202)
    second = ehr.fhir("SupplyDelivery", resource, bearer=True)
    checks.outcome(second, 200)
    assert status_of(second) == status_of(first)
    assert hospital.settled(status_of(first), "fhir")["state"] == "done"
    assert hospital.on_hand(taken) == before - 2


def test_put(ehr, delivery):
    resource = delivery(id="sd-1")
    answer = ehr.fhir("SupplyDelivery/sd-1", resource, "PUT")
    checks.outcome(answer, 202)


def test_put_with_another_id(ehr, delivery):
    answer = ehr.fhir("SupplyDelivery/sd-2", delivery(id="sd-3"), "PUT")
    checks.outcome(answer, 400)


def test_address_of_another_type(ehr, delivery):
    checks.outcome(ehr.fhir("SupplyRequest", delivery()), 400)


@pytest.mark.parametrize("header", ["If-None-Exist", "If-Match"])
def test_conditions_are_refused(hospital, ehr, delivery, header):
    before = hospital.total()
    answer = ehr.fhir("SupplyDelivery", delivery(), headers={header: 'W/"1"'})
    assert answer.status_code in (400, 412)
    checks.outcome(answer, answer.status_code)
    assert hospital.total() == before


@pytest.mark.parametrize("name", ["Patient", "Observation", "Claim", checks.MARK])
def test_type_that_nobody_takes(ehr, name):
    resource = {"resourceType": name, "id": "x"}
    answer = ehr.fhir(name, resource)
    checks.clean(answer)
    assert answer.status_code == 422
    checks.outcome(answer, 422, "not-supported")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"resourceType": "SupplyDelivery", "resourceType": "SupplyDelivery"}',
        b'{"resourceType": "SupplyDelivery", "status": "completed", "suppliedItem": []}',
        b'{"resourceType": "SupplyDelivery", "status": "' + checks.MARK.encode() + b'"}',
        b'{"resourceType": "SupplyDelivery", "suppliedItem": {"quantity": {"value": "x"}}}',
        b'{"resourceType": "SupplyDelivery", "id": "\\u0000"}',
        b"[" * 40_000 + b"]" * 40_000,
        b"<SupplyDelivery/>",
    ],
)
def test_no_resource(ehr, raw):
    answer = ehr.fhir("SupplyDelivery", raw)
    assert answer.status_code in (400, 422), answer.text
    checks.outcome(answer, answer.status_code)


def test_media_type(ehr, delivery):
    answer = ehr.fhir("SupplyDelivery", delivery(), content_type="application/fhir+xml")
    checks.outcome(answer, 415)


def test_unproven(ehr, delivery):
    answer = ehr.fhir("SupplyDelivery", delivery(), secret="whsec_" + "E" * 43 + "=")
    checks.outcome(answer, 401)
    assert answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("status", ["in-progress", "abandoned"])
def test_status_without_effect(hospital, ehr, delivery, status):
    answer = ehr.fhir("SupplyDelivery", delivery(status=status))
    checks.outcome(answer, 202)
    found = hospital.settled(status_of(answer), "fhir")
    assert found["state"] == "done"
    assert not found["effects"]


def test_entered_in_error_reverses(hospital, ehr, delivery):
    taken = use(hospital)
    before = hospital.on_hand(taken)
    resource = delivery(3)
    checks.outcome(ehr.fhir("SupplyDelivery", resource), 202)
    answer = ehr.fhir("SupplyDelivery", resource | {"status": "entered-in-error"})
    if answer.status_code == 202:
        assert hospital.settled(status_of(answer), "fhir")["state"] == "done"
        hospital.drained()
        assert hospital.on_hand(taken) == before
    else:
        checks.outcome(answer, 422)


def test_batch(hospital, ehr, delivery):
    bad = copy.deepcopy(delivery())
    bad["suppliedItem"]["quantity"]["value"] = -1
    answer = ehr.fhir("", bundle("batch", delivery(), bad, {"resourceType": "Patient"}, delivery()))
    checks.clean(answer)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["resourceType"], body["type"]) == ("Bundle", "batch-response")
    statuses = [entry["response"]["status"].partition(" ")[0] for entry in body["entry"]]
    assert statuses == ["202", "422", "422", "202"]
    for entry in body["entry"][1:3]:
        assert entry["response"]["outcome"]["resourceType"] == "OperationOutcome"
    for entry in (body["entry"][0], body["entry"][3]):
        uuid = entry["response"]["location"].rpartition("/")[2]
        assert hospital.settled(uuid, "fhir")["state"] == "done"


def test_transaction(hospital, ehr, delivery):
    whole = bundle("transaction", delivery(), delivery(), delivery())
    answer = ehr.fhir("", whole)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["resourceType"], body["type"]) == ("Bundle", "transaction-response")
    assert len(body["entry"]) == 3
    again = ehr.fhir("", whole).json()
    assert [entry["response"]["status"][:3] for entry in again["entry"]] == ["200"] * 3


def test_transaction_is_all_or_nothing(hospital, ehr, delivery):
    bad = copy.deepcopy(delivery())
    bad["suppliedItem"]["quantity"]["value"] = -1
    before = hospital.total()
    answer = ehr.fhir("", bundle("transaction", delivery(), bad, delivery()))
    checks.outcome(answer, 422)
    assert hospital.total() == before


def test_transaction_with_the_same_entry_twice(hospital, ehr, delivery):
    """Whatever is answered, the entry has its effect once."""
    resource = delivery(2)
    taken = use(hospital)
    before = hospital.on_hand(taken)
    answer = ehr.fhir("", bundle("transaction", resource, resource))
    checks.clean(answer)
    assert answer.status_code in (200, 400, 422)
    hospital.drained()
    assert hospital.on_hand(taken) == before - (2 if answer.status_code == 200 else 0)


@pytest.mark.parametrize("kind", ["message", "collection", "history", "document"])
def test_other_bundles(ehr, delivery, kind):
    answer = ehr.fhir("", bundle(kind, delivery()))
    assert answer.status_code in (400, 422)
    checks.outcome(answer, answer.status_code)


@pytest.mark.parametrize("condition", ["ifNoneExist", "ifMatch"])
def test_conditions_in_a_bundle(hospital, ehr, delivery, condition):
    made = bundle("transaction", delivery())
    made["entry"][0]["request"][condition] = "identifier=1"
    before = hospital.total()
    answer = ehr.fhir("", made)
    assert answer.status_code in (400, 412)
    checks.outcome(answer, answer.status_code)
    assert hospital.total() == before


def test_full_url_is_no_identity(hospital, ehr, delivery):
    made = bundle("transaction", delivery())
    for url in ("urn:uuid:1", "urn:uuid:2"):
        made["entry"][0]["fullUrl"] = url
        answer = ehr.fhir("", made)
    assert answer.json()["entry"][0]["response"]["status"].startswith("200")
