"""Real messages of billing and biomed, unchanged: documents, or a named entry for a person."""

import pytest
from simulate.client import FHIR, HL7
from support import canaries, checks, samples
from support.outsider import Outsider

pytestmark = samples.needed
CHARGED, APPOINTED = "charge.captured.v1", "appointment.changed.v1"
COMPLETED, UPSERTED = "service.completed.v1", "equipment.upserted.v1"
# Each file, and how many events it is.
MESSAGES = {
    "DFT-P03-01": 2,
    "DFT-P11-01": 2,
    "SIU-S12-01": 1,
    "SIU-S14-01": 1,
    "SIU-S15-01": 1,
}
RESOURCES = (
    "chargeitem-example",
    "appointment-example",
    "encounter-example-f001-heart",
    "device-example",
)
# Names, numbers, addresses of the people in them: patients, relatives, staff.
CANARIES = (
    "EVERYMAN", "Aniston", "Addsm", "SMITH", "Angela", "PATID1234", "PATID567", "123456789",
    "198808181126", "1988-08-18", "Hospital Lane", "Ann Arbor", "78788788", "12121212", "4000776",
    "1212121", "Woolfson", "Kathleen", "Beethoven", "6547 Drums", "40007716", "DISNEY", "Alaz",
    "Mohammed", "Condoc", "9941339108", "9941339109", "Mellie", "Stewart", "MILKY WAY", "VERONA",
    "Rosallie", "19750228", "548851236L", "Velvet Treasure", "425-57-9745", "Medicare-12345",
    "HMO-12345", "EOC124", "Grp-12345", "PSSN123121234", "DLN-123", "115 MAINSTREET", "GOODTOWN",
    "COREY", "elbert", "Zafar", "Chalmers", "Careful", "Heuvel", "Voigt", "v1451", "93042",
    "golf buddy", "burn of left ear", "recent MRI", "Ulcerative", "abdominal pain",
)  # fmt: skip
ROWS = """
SELECT m.uuid, m.state, m.error_code, t.name, m.payload, m.issue_id
  FROM hc_message m JOIN hc_message_type t ON t.id = m.message_type_id
 WHERE m.system_id = %s ORDER BY m.id
"""


class Sender(Outsider):
    """The application of the samples, with nothing mapped, and all that it was answered."""

    def __init__(self, hospital):
        super().__init__(hospital, "samples-domains")
        self.answers = []
        for name, application in (("charges", "IMMAPP"), ("visits", "SCHApp")):
            self.msh = [application, "GHHSFacility"]
            self.open(name, "hl7v2", CHARGED if name == "charges" else APPOINTED)
        types = (CHARGED, APPOINTED, COMPLETED, UPSERTED)
        self.open("resources", "fhir", *types, default_site_id=False)
        self.credentials()

    def post_all(self):
        """Every sample; what is answered is kept for the search."""
        for name in MESSAGES:
            raw = (samples.FOLDER / f"hl7v2/{name}.hl7").read_bytes()
            answer = self.sender.hl7(raw, content_type=HL7)
            checks.acknowledgement(answer, 200, "AA")
            self.answers.append(answer.text + repr(answer.headers))
        statuses = []
        for name in RESOURCES:
            raw = (samples.FOLDER / f"fhir-r4/{name}.json").read_bytes()
            kind = {"chargeitem": "ChargeItem"}.get(name.split("-")[0], name.split("-")[0].title())
            answer = self.sender.fhir(kind, raw, content_type=FHIR)
            checks.outcome(answer, answer.status_code)
            self.answers.append(answer.text + repr(answer.headers))
            statuses.append(answer.status_code)
        return statuses

    def rows(self):
        self.finished()
        return self.hospital.machine.sql(ROWS, self.system)


@pytest.fixture(scope="module")
def sender(hospital):
    return Sender(hospital)


def test_accepted_and_nothing_lost(sender):
    assert sender.post_all() == [202] * len(RESOURCES)
    rows = sender.rows()
    total = sum(MESSAGES.values()) + len(RESOURCES)
    assert len(rows) == total
    for _uuid, state, code, _kind, _payload, issue in rows:
        assert state in ("done", "review"), (state, code)
        assert state == "done" or (code and issue), "what waits has a name and an entry"
    assert sum(row[1] == "review" for row in rows) >= total - 2
    assert sender.post_all() == [200] * len(RESOURCES)
    assert len(sender.rows()) == total


def test_what_they_say_is_understood(sender):
    kept = [(row[3], row[4]) for row in sender.rows()]
    charges = [data for kind, data in kept if kind == CHARGED]
    assert [one["service"]["value"] for one in charges] == [
        "71045", "626.2", "71045", "92002", "01510"
    ]  # fmt: skip
    assert charges[0]["amount"] == {"amount": "100", "currency": "USD"}
    assert charges[4]["amount"] == {"amount": "40", "currency": "EUR"}
    assert all(one["encounter"].startswith("hcp") for one in charges)
    visits = [data for kind, data in kept if kind == APPOINTED]
    assert [one["status"] for one in visits] == ["booked", "booked", "cancelled", "booked"]
    numbers = [one["appointment"] for one in visits]
    assert numbers[:3] == ["36996"] * 3
    # It has the id of its patient.
    assert numbers[3].startswith("hcs1_")
    (encounter,) = [data for kind, data in kept if kind == COMPLETED]
    assert encounter["services"][0]["service"]["value"] == "270427003"
    (device,) = [data for kind, data in kept if kind == UPSERTED]
    assert device["equipment"]["value"] == "345675"


def codes_of(rows):
    """What the messages name: facilities, services and payers."""
    facilities, services, payers = set(), set(), set()
    for *_start, data, _issue in rows:
        facilities.add(data.get("facility"))
        lines = [line["service"] for line in data.get("services", []) if "service" in line]
        own = [data["service"]] if "service" in data else lines
        services |= {(code["system"], code["value"]) for code in own}
        payer = data.get("coverage", {}).get("payer")
        payers |= {(payer["system"], payer["value"])} if payer else set()
    return sorted(facilities - {None}), sorted(services), sorted(payers)


def test_mapped_they_become_documents(hospital, sender):
    """A person maps what is missing, and all of them go on by themselves."""
    admin, machine = hospital.admin, hospital.machine
    machine.sql("UPDATE res_currency SET active = true WHERE name IN ('EUR', 'USD')")
    facilities, services, payers = codes_of(sender.rows())
    values = {"name": "Sample", "type": "service", "list_price": 70}
    product = admin.create("product.product", values)
    payer = admin.create("res.partner", {"name": "Sample payer", "is_company": True})
    for system, value in services:
        sender.map_code("service", value, product, system)
    for system, value in payers:
        sender.map_code("payer", value, payer, system)
    for facility in facilities:
        site = {"system_id": sender.system, "name": facility, "facility_code": facility}
        admin.create("hc.site", site)
    domain = [("system_id", "=", sender.system), ("format", "=", "fhir")]
    channel = admin.read("hc.channel", domain, ["id"])[0]["id"]
    admin.write("hc.channel", [channel], {"default_site_id": sender.site})
    rows = sender.rows()
    # Two charges without a number come under one MSH-10, and the visit does not say when it was.
    waiting = [(row[3], row[2]) for row in rows if row[1] not in ("done", "duplicate")]
    assert waiting == [(CHARGED, "business_key_conflict"), (COMPLETED, "incomplete")]
    charges = machine.sql(
        "SELECT service_code, state, amount FROM hc_charge WHERE system_id = %s", sender.system
    )
    found = {(code.rpartition("|")[2], amount) for code, _state, amount in charges}
    assert found == {("71045", 100), ("626.2", 120), ("01510", 40)}
    assert {state for _code, state, _amount in charges} == {"invoiced"}
    fields = ["name", "state"]
    visits = admin.read("hc.appointment", [("system_id", "=", sender.system)], fields)
    assert sorted(row["state"] for row in visits) == ["booked", "cancelled"]
    assert ("36996", "cancelled") in [(row["name"], row["state"]) for row in visits]
    device = admin.read("hc.identifier", [("value", "=", "345675")], ["res_model"])
    assert [row["res_model"] for row in device] == ["maintenance.equipment"]


def test_no_name_anywhere(hospital, sender):
    """In no column of the database, no log of Odoo or PostgreSQL, no answer."""
    for uuid, *_rest in sender.rows():
        sender.answers.append(sender.sender.status(uuid).text)
    canaries.nowhere(hospital, CANARIES, sender.answers)
