"""What an event must hold, and what of it is kept."""

import json
from decimal import Decimal

import pytest
from support import checks


def lines(event, **change):
    event["data"]["lines"][0].update(change)
    return event


BREACHES = {
    "no lines": ({"lines": []}, "/lines"),
    "lines are no list": ({"lines": {}}, "/lines"),
    "no facility": ({"facility": None}, "/facility"),
    "number as location": ({"location": 7}, "/location"),
    "no time": ({"consumed_at": "soon"}, "/consumed_at"),
    "no such day": ({"consumed_at": "2026-02-30T10:00:00Z"}, "/consumed_at"),
    "control character": ({"location": "ICU\n1"}, "/location"),
    "patient as text": ({"patient": checks.MARK}, "/patient"),
}


@pytest.mark.parametrize("name", BREACHES)
def test_breach(hospital, sender, name):
    change, pointer = BREACHES[name]
    event = hospital.event()
    event["data"] |= change
    body = checks.problem(sender.post(hospital.native, event), 422, "contract_invalid")
    assert pointer in [error["pointer"] for error in body["errors"]]
    assert hospital.kept(event["id"]) == 0


@pytest.mark.parametrize("name", ["facility", "location", "consumed_at", "lines"])
def test_what_must_be_there(hospital, sender, name):
    event = hospital.event()
    del event["data"][name]
    body = checks.problem(sender.post(hospital.native, event), 422, "contract_invalid")
    assert {"pointer": f"/{name}", "rule": "required"} in body["errors"]


@pytest.mark.parametrize(
    "quantity",
    [0, -1, "0", "-2", "two", "", "1,5", "1e5000", "1e40", 10**40, None, True, [], "0x10", "١"],
)
def test_quantity(hospital, sender, quantity):
    event = lines(hospital.event(), quantity=quantity)
    answer = sender.post(hospital.native, event)
    assert answer.status_code in (400, 422)
    checks.problem(answer, answer.status_code)


@pytest.mark.parametrize("quantity", [1, 1.0, "1", "1.000", 1e0])
def test_one_is_one(hospital, sender, quantity):
    use = hospital.use()
    before = hospital.on_hand(use)
    raw = json.dumps(lines(hospital.event(use), quantity=quantity))
    body = checks.accepted(sender.post(hospital.native, raw))
    assert hospital.settled(body["message_id"])["state"] == "done"
    assert hospital.on_hand(use) == before - Decimal(1)


def test_all_errors_at_once(hospital, sender):
    event = lines(hospital.event(), quantity=-1)
    event["data"] |= {"location": 3, "consumed_at": "x"}
    body = checks.problem(sender.post(hospital.native, event), 422, "contract_invalid")
    assert len(body["errors"]) >= 3


def test_pointers_never_hold_names_of_the_sender(hospital, sender):
    event = hospital.event()
    event["data"][checks.MARK] = {checks.MARK: checks.MARK}
    event["data"]["lines"][0][checks.MARK] = 1
    event["data"]["lines"][0]["quantity"] = -1
    checks.problem(sender.post(hospital.native, event), 422, "contract_invalid")


def test_only_what_the_contract_names_is_kept(hospital, sender):
    event = hospital.event(
        patient={"mrn": "KEEP-4711", "authority": "A", "name": "Doe", "born": "1950-01-01"},
        performer={"name": "Dr. Nobody"},
        order="ORDER-4711",
        note="free text",
        religion="unknown field",
    )
    event["data"]["lines"][0]["surgeon"] = "unknown field"
    body = checks.accepted(sender.post(hospital.native, event))
    row = hospital.row(body["message_id"])
    kept = json.dumps(row["payload"])
    for word in ("KEEP-4711", "Doe", "1950", "Nobody", "ORDER-4711", "free text", "unknown field"):
        assert word not in kept
    for name in ("religion", "surgeon", "born"):
        assert name not in kept + json.dumps(row["dropped"])
    assert row["payload"]["patient"]["mrn"].startswith("hcp")
    assert row["dropped"]["*"] >= 2
    assert row["dropped"]["/performer"] and row["dropped"]["/note"]


def test_pseudonym_is_the_same_for_the_same_person(hospital, sender):
    found = []
    for mrn, authority in (("P-1", "A"), ("P-1", "A"), ("P-1", "B"), ("P-2", "A")):
        event = hospital.event(patient={"mrn": mrn, "authority": authority})
        body = checks.accepted(sender.post(hospital.native, event))
        found.append(hospital.row(body["message_id"])["payload"]["patient"]["mrn"])
    assert found[0] == found[1]
    assert len(set(found)) == 3


@pytest.mark.parametrize("place", ["id", "subject", "correlationid", "transaction"])
def test_personal_value_elsewhere(hospital, sender, place):
    """Senders put record numbers into ids; nobody finds them there."""
    mrn = hospital.new_id("MRN")
    event = hospital.event(patient={"mrn": mrn, "authority": "A"})
    target = event["data"] if place == "transaction" else event
    target[place] = mrn
    answer = sender.post(hospital.native, event)
    checks.clean(answer, mrn)
    body = checks.accepted(answer)
    hospital.settled(body["message_id"])
    columns = "message_identifier, subject, correlation_identifier, payload, business_key"
    query = f"SELECT {columns} FROM hc_message WHERE uuid = %s"
    assert mrn not in repr(hospital.machine.sql(query, body["message_id"]))
    answer = sender.post(hospital.native, event)
    checks.clean(answer, mrn)
    checks.accepted(answer, 200)


def test_code_without_system_is_local(hospital, sender):
    event = lines(hospital.event(), item={"value": "ACC-LOCAL-1"})
    body = checks.accepted(sender.post(hospital.native, event))
    assert hospital.row(body["message_id"])["payload"]["lines"][0]["item"]["system"] == "local"


def test_time_without_offset(hospital, sender):
    """It is in the zone of the site; an hour ago there is no time in the future."""
    event = hospital.event()
    event["data"]["consumed_at"] = "2026-11-20T08:00:00"
    body = checks.accepted(sender.post(hospital.native, event))
    assert hospital.settled(body["message_id"])["state"] == "done"
