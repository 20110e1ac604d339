"""Sixty values of persons, sent in every format on every way: none is anywhere afterwards.

Success, review, refusal, a failing document, `kill -9`, replay, what is sent out, chatter,
attachments, `ir_logging`, the logs of the server and of PostgreSQL, answers over HTTP, the
search by patient, an erasure, and a sealed original that was opened.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from simulate import billing_documents as billing
from simulate import documents
from simulate.client import FHIR, HL7
from support import killing
from support.hospital import BASE
from support.outsider import Outsider
from support.planted import PEOPLE, VALUES, Scanner, forms

sys.path.append(str(Path(__file__).resolve().parents[2] / "addons" / BASE / "tests"))

from receiver import Receiver, answer

OPERATOR = f"{BASE}.group_integration_operator"
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
AUTHORITY = "CNRYHOSP"
SECRET = "whsec_" + "U0VD" * 10
ACKNOWLEDGED = "hl7.acknowledged.v1"
STATES = "SELECT DISTINCT state FROM hc_message WHERE system_id = %s"
BROKEN = "ALTER TABLE stock_move ADD CONSTRAINT hc_broken CHECK (product_qty < 0) NOT VALID"
MENDED = "ALTER TABLE stock_move DROP CONSTRAINT IF EXISTS hc_broken"


class Ward(Outsider):
    """A sender that says all that it knows about its patients."""

    def __init__(self, hospital, receiver):
        super().__init__(hospital, "canaries")
        self.answers = []
        self.use = hospital.use()
        place = {"facility_code": self.facility, "location_code": self.use.ward.code}
        hospital.admin.create(
            "hc.site",
            {"system_id": self.system, "name": "Ward", **place, "location_id": self.use.ward.stock},
        )
        self.item = self.map_code("item", "CNRY-ITEM", self.use.item.product)
        self.open("events", "cloudevents", documents.CONSUMED, billing.CHARGED, billing.APPOINTED)
        self.open("charges", "hl7v2", billing.CHARGED)
        self.open("visits", "hl7v2", billing.APPOINTED)
        self.open("resources", "fhir", documents.CONSUMED, billing.CHARGED, billing.APPOINTED)
        self._open_out(receiver)
        self._seal()
        self.credentials()
        product = hospital.admin.create("product.product", {"name": "Canary", "type": "service"})
        self.service = self.map_code("service", "CNRY-SVC", product)

    def _open_out(self, receiver):
        """Where application acknowledgements go."""
        admin = self.hospital.admin
        endpoint = admin.create(
            "hc.endpoint",
            {
                "name": "Acknowledgements",
                "system_id": self.system,
                "url": receiver.url(),
                "secret": SECRET,
                "allow_private": True,
                "allow_insecure": True,
            },
        )
        kind = admin.read("hc.message.type", [("name", "=", ACKNOWLEDGED)], ["id"])[0]["id"]
        self.hospital.new_channel(
            self.system, "canaries-out", kind, direction="out", format="hl7v2", endpoint_id=endpoint
        )

    def _seal(self):
        """The native channel keeps what is sent, sealed."""
        domain = [("system_id", "=", self.system), ("code", "=", "canaries-events")]
        channel = self.hospital.admin.read("hc.channel", domain, ["id"])[0]["id"]
        manager = self.hospital.manager
        values = {"channel_id": channel, "hours": 2, "reason": "Acceptance"}
        wizard = manager.create("hc.channel.original.request", values)
        manager.call("hc.channel.original.request", "action_confirm", [wizard])
        self.hospital.admin.call("hc.channel", "action_approve_original", [channel])

    # ----------------------------------------------------------- what is said

    def about(self, person):
        """Where a contract has a place for it, and where it has none."""
        return {
            "patient": {
                "mrn": person.mrn,
                "authority": AUTHORITY,
                "name": {"family": person.family, "given": person.given},
                "birth_date": person.born,
                "address": {"street": person.street, "city": person.city},
                "phone": person.phone,
            },
            "performer": {"name": person.family},
            "note": person.note,
            "diagnosis": [person.diagnosis],
            person.family: {person.diagnosis: person.insurance},
        }

    def event(self, person, item=None, **data):
        """A use of supplies; the sender has put the record number into every id."""
        number = self.hospital.new_id("cnry")
        event = documents.event(f"{person.mrn}/{number}", self.source, [self.use])
        event["subject"] = person.mrn
        event["correlationid"] = f"{person.mrn}:{number}"
        line = event["data"]["lines"][0] | {"item": item or {"value": self.item.value}}
        # An order number that is the patient's own: kept values are looked through as well.
        mine = {"lines": [line], "facility": self.facility, "order": person.insurance}
        event["data"] |= {"transaction": number, **mine, **self.about(person), **data}
        return event

    def charge(self, person, number):
        one = billing.Charge(
            number=number,
            encounter=person.insurance,
            facility=self.facility,
            service=self.service,
            quantity=1,
            at=NOW,
            person=1,
        )
        event = billing.charge_event(self.hospital.new_id("cnry"), self.source, one)
        event["data"] |= self.about(person)
        event["data"]["coverage"] = {"payer": {"value": "NOBODY"}, "policy": person.insurance}
        return event

    def segments(self, person):
        """PID, IN1, DG1 and NTE, filled as well as a registration fills them."""
        address = f"{person.street}^^{person.city}"
        name = f"{person.family}^{person.given}"
        policy = f"{'|' * 17}{person.insurance}"
        head = f"PID|1||{person.mrn}^^^{AUTHORITY}^MR||{name}||{person.birth_hl7}|F"
        return [
            f"{head}|||{address}||{person.phone}||||||{person.insurance}",
            f"PV1|1|O|OPD^^^{self.facility}{'|' * 16}{person.insurance}",
            f"IN1|1|PLAN|NOBODY||||||||||||{name}|SEL|{person.birth_hl7}|{address}{policy}",
            f"DG1|1||X^{person.diagnosis}",
            f"NTE|1||{person.note}",
            f"ZPD|{person.family}|{person.diagnosis}",
        ]

    def head(self, kind, control):
        """MSH that asks for an application acknowledgement as well (MSH-16)."""
        head = billing.header(kind, control, self.msh, documents.ts(NOW))
        assert "|P|2.5.1||||||" in head
        return head.replace("|P|2.5.1||||||", "|P|2.5.1|||AL|AL||")

    def dft(self, person, code=None, kind="DFT^P03^DFT_P03"):
        control = self.hospital.new_id("cnry")
        moment = documents.ts(NOW)
        head = self.head(kind, control)
        service = code or billing.coded(self.service)
        row = f"FT1|1|{control}||{moment}||CG|{service}|||1"
        return billing.er7(head, f"EVN|P03|{moment}", *self.segments(person), row)

    def siu(self, person):
        control, moment = self.hospital.new_id("cnry"), documents.ts(NOW)
        return billing.er7(
            self.head("SIU^S12^SIU_S12", control),
            f"SCH||{control}{'|' * 23}Booked",
            f"TQ1|1||||||{moment}|{moment}",
            *self.segments(person),
            "RGS|1",
            f"AIS|1||{billing.coded(self.service)}|{moment}|||30|min",
        )

    def resources(self, person):
        """Three resources, each with its patient contained, and with text about it."""
        number = self.hospital.new_id("cnry")
        who = {
            "identifier": {"system": AUTHORITY, "value": person.mrn},
            "display": f"{person.given} {person.family}",
        }
        more = {
            "contained": [self.patient(person)],
            "note": [{"text": person.note}],
            "text": {"status": "generated", "div": f"<div>{person.diagnosis}</div>"},
            "extension": [{"url": "urn:x", "valueString": person.phone}],
        }
        delivery = documents.delivery(number, self.use, 1) | more | {"patient": who}
        delivery["suppliedItem"]["itemCodeableConcept"] = {"coding": [{"code": self.item.value}]}
        one = self.charge(person, f"{number}-f")["data"]
        item = {
            "resourceType": "ChargeItem",
            "identifier": [{"value": one["charge"]}],
            "status": "billable",
            "code": {"coding": [{"code": self.service.value}], "text": person.diagnosis},
            "subject": who,
            "context": {"identifier": {"value": person.insurance}},
            "occurrenceDateTime": documents.rfc3339(NOW),
            "quantity": {"value": 1},
            **more,
        }
        visit = {
            "resourceType": "Appointment",
            "identifier": [{"value": f"{number}-a"}],
            "status": "booked",
            "start": documents.rfc3339(NOW),
            "end": documents.rfc3339(NOW + timedelta(minutes=30)),
            "serviceType": [{"coding": [{"code": self.service.value}]}],
            "participant": [{"actor": who, "status": "accepted"}],
            "comment": person.note,
            **{name: more[name] for name in ("contained", "text", "extension")},
        }
        return [delivery, item, visit]

    def patient(self, person):
        return {
            "resourceType": "Patient",
            "id": "p",
            "identifier": [{"system": AUTHORITY, "value": person.mrn}],
            "name": [{"family": person.family, "given": [person.given]}],
            "birthDate": person.born,
            "address": [{"line": [person.street], "city": person.city}],
            "telecom": [{"system": "phone", "value": person.phone}],
        }

    # ------------------------------------------------------------ what is done

    def tell(self, given):
        """Remember an answer, to look through it as well."""
        self.answers.append(given.text + repr(given.headers))
        return given

    def send_event(self, event, channel="events"):
        return self.tell(self.sender.post(self.channels[channel], event))

    def rest(self):
        """Wait until nothing goes on, whatever was killed meanwhile."""
        self.hospital.drained(180, nudge=True)

    def state_count(self, state):
        query = "SELECT count(*) FROM hc_message WHERE system_id = %s AND state = %s"
        return self.hospital.machine.sql(query, self.system, state)[0][0]


def send_all_formats(ward):
    """Every person in every format, on the way that goes well."""
    for person in PEOPLE:
        taken = [
            ward.send_event(ward.event(person)),
            ward.send_event(ward.charge(person, ward.hospital.new_id("cnry"))),
            ward.tell(ward.sender.hl7(ward.dft(person), content_type=HL7)),
            ward.tell(ward.sender.hl7(ward.siu(person), content_type=HL7)),
        ]
        for one in ward.resources(person):
            taken.append(ward.tell(ward.sender.fhir(one["resourceType"], one, content_type=FHIR)))
        assert [one.status_code < 300 for one in taken] == [True] * len(taken), [
            one.text for one in taken
        ]
        again = ward.event(person)
        ward.send_event(again)
        ward.send_event(again)
        ward.tell(ward.sender.validate(ward.channels["events"], ward.event(person)))
    batch = [ward.event(person) for person in PEOPLE] + [{"broken": PEOPLE[0].note}]
    for lines in (True, False):
        ward.tell(ward.sender.batch(ward.channels["events"], batch, lines=lines))
        batch = [ward.event(person) for person in PEOPLE]


def be_refused(ward):
    """Everything that is wrong, with a person in it."""
    for person in PEOPLE:
        events, event = ward.channels["events"], ward.event(person)
        path = f"/hc/v1/channels/{events}/messages"
        given = [
            ward.send_event({**event, "data": {**event["data"], "lines": person.note}}),
            ward.send_event({**event, "type": person.mrn}),
            ward.send_event({**event, "id": ["x", person.family]}),
            ward.sender.post(events, json.dumps(event).encode()[:-9]),
            ward.sender.post(events, event, content_type=f"text/{person.given}"),
            ward.sender.post(events, event, secret="whsec_" + "QUJD" * 10),
            ward.sender.post(person.mrn, event),
            ward.sender.request("POST", f"{path}?mrn={person.mrn}", {"note": person.note}),
            ward.sender.status(person.mrn),
            ward.sender.hl7(ward.dft(person, kind="ADT^A01^ADT_A01"), content_type=HL7),
            ward.sender.hl7(ward.dft(person).replace(b"MSH|", b"MSX|"), content_type=HL7),
            ward.sender.fhir("Patient", ward.patient(person), content_type=FHIR),
            ward.sender.fhir(
                f"SupplyDelivery/{person.mrn}",
                {"resourceType": "SupplyDelivery", "id": "x", "note": person.note},
                "PUT",
                content_type=FHIR,
            ),
        ]
        for one in given:
            ward.tell(one)
        bad = [one.status_code for one in given if one.status_code < 400]
        assert not bad, bad


def wait_and_replay(ward):
    """An item that nobody has mapped: an operator replays in vain, then it is mapped."""
    code = {"value": "CNRY-LATE"}
    uuids = [ward.send_event(ward.event(person, code)).json()["message_id"] for person in PEOPLE]
    ward.tell(ward.sender.hl7(ward.dft(PEOPLE[0], "CNRY-LATE^^L"), content_type=HL7))
    ward.rest()
    assert {ward.state(uuid)[0] for uuid in uuids} == {"review"}
    operator = ward.operator
    ids = operator.call("hc.message", "search", [("uuid", "in", uuids)])
    wizard = operator.call("hc.message", "action_replay", ids)["res_id"]
    operator.call("hc.replay.prepare", "write", [wizard], {"reason": "Mapped"})
    operator.call("hc.replay.prepare", "action_dry_run", [wizard])
    operator.call("hc.replay.prepare", "action_start", [wizard])
    ward.rest()
    ward.map_code("item", "CNRY-LATE", ward.use.item.product)
    ward.rest()
    assert {ward.state(uuid)[0] for uuid in uuids} == {"done"}


def fail_and_be_killed(ward):
    """PostgreSQL refuses the documents, row and all; then Odoo is killed with work in hand."""
    machine = ward.hospital.machine
    machine.sql(BROKEN, superuser=True)
    try:
        failing = ward.send_event(ward.event(PEOPLE[1])).json()["message_id"]
        deadline = time.monotonic() + 90
        while ward.tell(ward.sender.status(failing, bearer=True)).json()["attempts"] < 1:
            assert time.monotonic() < deadline
            time.sleep(0.3)
    finally:
        machine.sql(MENDED, superuser=True)
    events = [ward.event(person) for person in PEOPLE * 8]
    ward.tell(ward.sender.batch(ward.channels["events"], events))
    killing.all_odoo(ward.hospital)
    ward.send_event(ward.event(PEOPLE[2]))
    killing.cron_only(ward.hospital)
    found = ward.operator.call("hc.message", "search", [("uuid", "=", failing)])
    if ward.state(failing)[0] != "done":
        ward.operator.call("hc.message", "action_retry", found)
    ward.rest()
    assert ward.state(failing)[0] == "done"


def look_for_patients(ward):
    """By record number; and somebody asks for an erasure by it."""
    found = ward.operator.call("hc.patient.search", "find", [], "ledger", PEOPLE[0].mrn, AUTHORITY)
    ward.answers.append(json.dumps(found))
    messages = ward.operator.read("hc.message", found["domain"], ["payload", "state"])
    assert len(messages) > 5
    ward.answers.append(json.dumps(messages))
    values = {"number": PEOPLE[1].mrn, "authority": AUTHORITY, "reason": "Asked for"}
    ward.hospital.manager.create("hc.erasure.request", values)


def break_the_glass(ward):
    """What comes out is what was sent; it is on no answer but that one."""
    uuid = ward.send_event(ward.event(PEOPLE[3])).json()["message_id"]
    ward.rest()
    (message,) = ward.operator.call("hc.message", "search", [("uuid", "=", uuid)])
    values = {"message_id": message, "reason": "Acceptance", "is_emergency": True}
    wizard = ward.operator.create("hc.original.ask", values)
    access = ward.operator.call("hc.original.ask", "action_confirm", [wizard])["res_id"]
    opened = ward.operator.call("hc.original.access", "open_original", [access])
    assert PEOPLE[3].diagnosis in json.loads(opened["text"])["data"]["diagnosis"]


def export(ward):
    """All that operators can take out of the ledger."""
    domain = [("system_id", "=", ward.system)]
    ids = ward.operator.call("hc.message", "search", domain)
    names = list(ward.operator.call("hc.message", "fields_get", [], ["type"]))
    ward.answers.append(json.dumps(ward.operator.call("hc.message", "read", ids, names)))
    taken = ward.operator.call("hc.message", "export_data", ids, ["uuid", "payload", "subject"])
    ward.answers.append(json.dumps(taken))
    issues = ward.operator.call("hc.issue", "search", domain)
    ward.operator.call("hc.issue", "message_post", issues[:1], body="Looked at")


@pytest.fixture(scope="module")
def ward(hospital):
    """A sender, after all that can happen to what it sends."""
    with Receiver(answer(200)) as receiver:
        ward = Ward(hospital, receiver)
        ward.operator = hospital.user("canary-operator", OPERATOR, "base.group_allow_export")
        send_all_formats(ward)
        be_refused(ward)
        ward.rest()
        wait_and_replay(ward)
        fail_and_be_killed(ward)
        look_for_patients(ward)
        break_the_glass(ward)
        export(ward)
        deadline = time.monotonic() + 90
        while not receiver.requests:
            assert time.monotonic() < deadline, "no acknowledgement was sent"
            hospital.machine.nudge()
            time.sleep(0.3)
        sent = [one.body.decode() + repr(one.headers) + one.path for one in receiver.requests]
        ward.answers += sent
        yield ward


def test_it_went_all_ways(hospital, ward):
    states = {state for (state,) in hospital.machine.sql(STATES, ward.system)}
    assert {"done", "review"} <= states
    assert ward.state_count("done") > 60
    formats = hospital.machine.sql(
        "SELECT DISTINCT format FROM hc_message WHERE system_id = %s", ward.system
    )
    assert {one for (one,) in formats} == {"cloudevents", "hl7v2", "fhir"}
    assert hospital.machine.sql("SELECT count(*) FROM hc_message_original")[0][0] > 60
    pseudonyms = hospital.machine.sql(
        "SELECT count(DISTINCT payload #>> '{patient,mrn}') FROM hc_message WHERE system_id = %s",
        ward.system,
    )
    assert pseudonyms[0][0] >= len(PEOPLE)


def test_what_is_looked_for_would_be_found(hospital, ward):
    """The search itself is tried on a table that has everything that must be nowhere."""
    machine = hospital.machine
    machine.sql("CREATE TABLE hc_control (a text, b jsonb, c bytea)", superuser=True)
    try:
        for value in VALUES:
            for form in forms(value):
                machine.sql("INSERT INTO hc_control (a) VALUES (%s)", form, superuser=True)
            machine.sql(
                "INSERT INTO hc_control (b, c) VALUES (%s, %s)",
                json.dumps({"deep": [value]}),
                value.encode(),
                superuser=True,
            )
        scanner = Scanner(hospital)
        places = [one for one in scanner.hits() if one.startswith("public.hc_control.")]
    finally:
        machine.sql("DROP TABLE hc_control", superuser=True)
    found = {one.partition(": ")[2] for one in places}
    assert found >= {form for value in VALUES for form in forms(value)}
    for column in "abc":
        assert any(one.startswith(f"public.hc_control.{column}") for one in places)


def test_nobody_is_anywhere(hospital, ward):
    """No column of any table, no file, no log, no answer, and nothing that was sent out."""
    assert len(ward.answers) > 150
    hits = Scanner(hospital).hits(ward.answers)
    assert not hits, hits[:20]


def test_what_logs_to_the_database_is_looked_at(hospital, ward):
    """Failures are in `ir_logging`, which the search goes through; jobs of queue_job would be,
    too, where that addon is installed."""
    assert hospital.machine.sql("SELECT count(*) FROM ir_logging")[0][0]
    tables = hospital.machine.sql("SELECT to_regclass('queue_job')")
    assert tables[0][0] in (None, "queue_job")


def test_a_replaced_key_holds_at_once_and_parts_nobody(hospital, ward):
    """Every worker makes the new pseudonym from the next request on; the account stays one."""
    accounts = "SELECT count(DISTINCT patient_id), count(*) FROM hc_charge WHERE name LIKE %s"
    number = hospital.new_id("rot")
    payer = hospital.admin.create("res.partner", {"name": f"Payer {number}"})
    ward.map_code("payer", "NOBODY", payer)
    ward.send_event(ward.charge(PEOPLE[4], f"{number}-0"))
    ward.rest()
    admin = hospital.admin
    domain = [("domain", "=", "patient"), ("state", "=", "current")]
    key = admin.read("hc.pseudonym.key", domain, ["version"])[0]
    values = {"key_id": key["id"], "step": "rotate", "reason": "Acceptance"}
    wizard = admin.create("hc.pseudonym.key.decide", values)
    admin.call("hc.pseudonym.key.decide", "action_confirm", [wizard])
    uuids = []
    for count in range(1, 9):
        # Connections of its own, so that the workers take turns.
        sender = ward.sender.again()
        event = ward.charge(PEOPLE[4], f"{number}-{count}")
        uuids.append(sender.post(ward.channels["events"], event).json()["message_id"])
    ward.rest()
    kept = "SELECT DISTINCT payload #>> '{patient,mrn}' FROM hc_message WHERE uuid = ANY(%s)"
    ((pseudonym,),) = hospital.machine.sql(kept, uuids)
    assert pseudonym.startswith(f"hcp{key['version'] + 1}_")
    assert hospital.machine.sql(accounts, f"{number}-%") == [(1, 9)]
    found = ward.operator.call("hc.patient.search", "find", [], "ledger", PEOPLE[4].mrn, AUTHORITY)
    uuids_found = {
        one["uuid"] for one in ward.operator.read("hc.message", found["domain"], ["uuid"])
    }
    assert set(uuids) < uuids_found
