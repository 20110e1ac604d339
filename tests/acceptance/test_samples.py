"""Real messages of others, unchanged: kept, mapped, posted; and nobody's name anywhere."""

import pytest
from simulate.client import FHIR, HL7, Sender
from support import canaries, checks
from support import samples as published

SAMPLES = published.FOLDER
pytestmark = published.needed
DFT = SAMPLES / "hl7v2/DFT-P03-01.hl7"
DELIVERY = SAMPLES / "fhir-r4/supplydelivery-example.json"
# Names, record and account numbers, birth dates, addresses, telephones of the samples.
CANARIES = (
    "EVERYMAN", "Aniston", "Addsm", "Josh", "stanley", "SMITH", "Angela", "PATID1234",
    "123456789", "198808181126", "1988-08-18", "Hospital Lane", "Ann Arbor",
    "78788788", "12121212", "4000776", "1212121", "Woolfson", "Kathleen", "Beethoven",
    "6547 Drums", "40007716", "DISNEY", "Alaz", "Mohammed", "Condoc", "9941339108",
    "Mellie", "Stewart", "Patrick", "MILKY WAY", "VERONA", "Roger", "Dann", "Rosallie",
    "19750228", "548851236L", "Velvet Treasure", "425-57-9745", "Medicare-12345", "MB-12345",
    "HMO-12345", "Methodist", "89898989", "Vet123", "Vendor1", "EOC124", "Grp-12345",
)  # fmt: skip
ROUTING = {"hl7_sending_application": "IMMAPP", "hl7_sending_facility": "GHHSFacility"}


def make_channel(hospital, system, format_, **values):
    """A channel of the samples' sender; it takes dates of any age."""
    names = ["supply.consumed.v1", "supply.returned.v1"]
    found = hospital.admin.read("hc.message.type", [("name", "in", names)], ["id"])
    values |= {"format": format_, "max_age_days": 0}
    types = [row["id"] for row in found]
    return hospital.new_channel(system, f"samples-{format_}", *types, **values)


@pytest.fixture(scope="module")
def samples(hospital):
    """A system of its own, with nothing mapped; and all answers that it ever got."""
    system = hospital.admin.create(
        "hc.system", {"name": "Samples", "code": "samples", "environment": "production"}
    )
    make_channel(hospital, system, "hl7v2", **ROUTING)
    make_channel(hospital, system, "fhir")
    made = {"name": "samples", "system_id": system, "kind": "signature"}
    shown = hospital.admin.call(
        "hc.credential", "action_issue", [hospital.admin.create("hc.credential", made)]
    )["context"]
    sender = Sender(hospital.machine.base_url, shown["default_key_id"], shown["default_secret"], "")
    return {"id": system, "sender": sender, "answers": []}


def post(samples):
    """Both documents; what was answered is kept for the search."""
    sender = samples["sender"]
    first = sender.hl7(DFT.read_bytes(), content_type=HL7)
    second = sender.fhir("SupplyDelivery", DELIVERY.read_bytes(), content_type=FHIR)
    samples["answers"] += [one.text + repr(one.headers) for one in (first, second)]
    return first, second


def messages(hospital, samples):
    query = (
        "SELECT id, uuid, state, error_code, payload FROM hc_message"
        " WHERE system_id = %s ORDER BY id"
    )
    return hospital.machine.sql(query, samples["id"])


def test_accepted_and_nothing_lost(hospital, samples):
    first, second = post(samples)
    checks.acknowledgement(first, 200, "AA")
    checks.outcome(second, 202)
    hospital.drained()
    rows = messages(hospital, samples)
    assert len(rows) == 3, "two FT1 and one delivery"
    assert {row[2] for row in rows} == {"review"}
    first, second = post(samples)
    checks.acknowledgement(first, 200, "AA")
    checks.outcome(second, 200)
    assert len(messages(hospital, samples)) == 3


def test_what_they_say_is_understood(hospital, samples):
    charges = [row[4] for row in messages(hospital, samples)]
    assert [payload["lines"][0]["quantity"] for payload in charges] == ["2", "1", "10"]
    assert charges[0]["location"] == "HUH AE OMU"
    assert charges[2]["location"] == "Location 1"
    assert charges[2]["lines"][0]["item"] == {"system": "local", "value": "BlueTubes"}
    assert charges[0]["consumed_at"].startswith("2019-11-22")


def test_mapped_they_become_stock_moves(hospital, samples):
    manager = hospital.user(
        "samples-manager",
        "healthcare_integration_base.group_integration_manager",
        "stock.group_stock_manager",
    )
    ward, product = hospital.world.wards[0], hospital.world.plain[0].product
    map_places(hospital, manager, samples, ward)
    map_items(hospital, manager, samples, product)
    for _id, uuid, *_rest in messages(hospital, samples):
        wait_done(hospital, samples, uuid)
    found = hospital.machine.sql(
        "SELECT m.id, count(e.id), min(s.state), max(s.state) FROM hc_message m"
        " JOIN hc_effect e ON e.message_id = m.id JOIN stock_move s ON s.id = e.res_id"
        " WHERE m.system_id = %s GROUP BY m.id",
        samples["id"],
    )
    assert [row[1:] for row in found] == [(1, "done", "done")] * 3


def wait_done(hospital, samples, uuid):
    hospital.drained()
    answer = samples["sender"].status(uuid)
    samples["answers"].append(answer.text)
    assert answer.json()["state"] == "done", answer.text


def places(hospital, samples):
    """What the messages call their places, as the ledger has it."""
    pairs = {
        (row[4].get("facility"), row[4].get("location")) for row in messages(hospital, samples)
    }
    return sorted(pairs, key=repr)


def map_places(hospital, manager, samples, ward):
    """The facility of each, and the ward; the delivery names no facility: the default."""
    facilities = {facility for facility, _location in places(hospital, samples) if facility}
    site = {"system_id": samples["id"], "name": "Sample"}
    for facility in sorted({*facilities, "SAMPLES"}):
        manager.create("hc.site", site | {"facility_code": facility})
    for facility, location in places(hospital, samples):
        values = {"facility_code": facility or "SAMPLES", "location_code": location}
        made = manager.create("hc.site", site | values | {"location_id": ward.stock})
        if not facility:
            domain = [("system_id", "=", samples["id"]), ("format", "=", "fhir")]
            channel = manager.read("hc.channel", domain, ["id"])[0]["id"]
            manager.write("hc.channel", [channel], {"default_site_id": made})


def map_items(hospital, manager, samples, product):
    items = {
        (line["item"]["system"], line["item"]["value"])
        for row in messages(hospital, samples)
        for line in row[4]["lines"]
    }
    for system, value in sorted(items):
        map_code(manager, samples, "item", system, value, product)
    center = hospital.admin.read("hc.cost.center", [], ["id"], limit=1)[0]["id"]
    centers = {row[4].get("cost_center") for row in messages(hospital, samples)} - {None}
    for value in centers:
        map_code(manager, samples, "cost_center", "local", value, center)


def map_code(manager, samples, namespace, system, value, record):
    values = {"system_id": samples["id"], "namespace": namespace, "code_system": system}
    manager.create("hc.identifier", values | {"value": value, "res_id": record})


def test_no_name_anywhere(hospital, samples):
    """In no column of the database, no log of Odoo or PostgreSQL, no answer."""
    canaries.nowhere(hospital, CANARIES, samples["answers"])
