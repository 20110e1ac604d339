# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Every contract file of every addon."""

import json
from pathlib import Path

import pytest
from messaging.contract import Contract
from messaging.errors import MessageError
from messaging.keyring import KeyRing

ADDONS = Path(__file__).resolve().parents[2] / "addons"
FILES = sorted(ADDONS.glob("*/contracts/*.json"))
SUPPLY = [f"supply.{verb}.v1" for verb in ("consumed", "returned", "requested")]
RING = KeyRing(bytes(range(32)))


def load(path):
    return json.loads(path.read_text())


def supply(name):
    return Contract(load(ADDONS / "hc_inventory_sync" / "contracts" / f"{name}.json"))


def fields(schema, defs):
    """All described fields, references followed."""
    for name, field in schema.get("properties", {}).items():
        yield name, field
        yield from fields(field, defs)
    for part in (schema.get("items"), defs.get(schema.get("$ref", "")[len("#/$defs/") :])):
        if part:
            yield from fields(part, defs)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_file(path):
    schema = load(path)
    made = Contract(schema)
    assert made.type == path.stem
    assert schema["title"]
    assert schema["description"]
    for name, field in fields(schema, schema.get("$defs", {})):
        described = {**schema.get("$defs", {}).get(field.get("$ref", "")[8:], {}), **field}
        assert described.get("title"), name
        assert described.get("description", "").endswith("."), name
    assert schema["examples"]
    for example in schema["examples"]:
        made.minimize(made.check(example), example, RING)


DATA = {
    "facility": "GENERAL",
    "location": "ICU-1",
    "consumed_at": "2026-11-22",
    "lines": [
        {
            "line": "1",
            "item": {"system": "gtin", "value": "00380740000011"},
            "quantity": "2",
            "uom": "EA",
            "lot": "L1",
            "serial": "S1",
            "expiry": "2027-01-31",
        }
    ],
    "transaction": "TX",
    "cost_center": "CC",
    "patient": {"mrn": "4711", "authority": "H"},
    "performer": "x",
    "order": "O-1",
    "note": {"any": "shape"},
}


@pytest.mark.parametrize("name", SUPPLY)
def test_supply(name):
    made = supply(name)
    kept = made.minimize(made.check(DATA), DATA, RING)
    assert kept.data.keys() == DATA.keys() - {"performer", "note"}
    assert kept.data["lines"] == DATA["lines"]
    assert kept.data["patient"] == {"mrn": RING.pseudonym("patient", "4711", "H")}
    assert kept.data["order"] == RING.pseudonym("order", "O-1")
    assert made.check({"lines": [{}]}, relaxed=True) == {"lines": [{}]}
    assert made.business_key == (("facility",), ("transaction", "$id"))


def errors(name, **change):
    data = {key: value for key, value in {**DATA, **change}.items() if value is not ...}
    with pytest.raises(MessageError) as caught:
        supply(name).check(data)
    return {(error.pointer, error.rule) for error in caught.value.errors}


@pytest.mark.parametrize("name", SUPPLY)
def test_supply_refused(name):
    line = DATA["lines"][0]
    assert errors(name, facility=...) == {("/facility", "required")}
    assert errors(name, location="") == {("/location", "minLength")}
    assert errors(name, location="a\tb") == {("/location", "pattern")}
    assert errors(name, consumed_at="soon") == {("/consumed_at", "format")}
    assert errors(name, lines=[]) == {("/lines", "minItems")}
    assert errors(name, lines=[{**line, "item": "A"}]) == {("/lines/0/item", "type")}
    assert errors(name, lines=[line, {**line, "item": {}}]) == {("/lines/1/item/value", "required")}
    for quantity in (0, "0", -1, "-0.5"):
        found = errors(name, lines=[{**line, "quantity": quantity}])
        assert found == {("/lines/0/quantity", "exclusiveMinimum")}
    assert errors(name, patient="x") == {("/patient", "type")}
    assert errors(name, order=5) == {("/order", "type")}


def test_time_is_due_where_stock_moves():
    for name in SUPPLY[:2]:
        assert errors(name, consumed_at=...) == {("/consumed_at", "required")}
    data = {name: value for name, value in DATA.items() if name != "consumed_at"}
    assert supply(SUPPLY[2]).check({**data, "requested_at": "2026-11-22T09:00:00Z"})
    assert supply(SUPPLY[2]).check(data)


ALARM = {
    "alarm": "A-1",
    "equipment": {"value": "PUMP-42"},
    "phase": "start",
    "priority": "high",
    "kind": "technical",
    "code": "MDC_EVT_BATT_LO",
    "text": "Quillfeather: battery",
    "problem": "does not start",
    "occurred_at": "2026-11-22T09:00:00Z",
    "location": "ICU-1",
    "patient": {"mrn": "4711"},
}


def alarm():
    return Contract(load(ADDONS / "hc_biomed_maintenance/contracts/device.alarmed.v1.json"))


def test_technical_alarm_is_kept_without_its_text():
    kept = alarm().minimize(alarm().check(ALARM), ALARM, RING).data
    assert kept.keys() == ALARM.keys() - {"text", "patient"}
    assert kept["equipment"] == {"system": "local", "value": "PUMP-42"}


def test_nothing_of_a_physiological_alarm_tells_about_the_patient():
    told = {**ALARM, "kind": "physiological"}
    kept = alarm().minimize(alarm().check(told), told, RING)
    assert kept.data.keys() == {"alarm", "equipment", "phase", "priority", "kind", "occurred_at"}
    assert {"/code", "/problem", "/location", "/text", "/patient"} == kept.dropped.keys()


def test_alarm_of_no_kind_is_kept_like_one_of_a_patient():
    told = {key: value for key, value in ALARM.items() if key != "kind"}
    kept = alarm().minimize(alarm().check(told, relaxed=True), told, RING)
    assert not kept.data.keys() & {"code", "problem", "location", "text"}
