# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A channel's table: what it finds, what it makes of it, and what it keeps out."""

import json
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import guard
from messaging.contract import Contract
from messaging.contract_targets import targets
from messaging.envelope import parse_structured
from messaging.errors import MessageError
from messaging.intake import prepare
from messaging.keyring import KeyRing
from messaging.mapping import MappingError, Rule, Table, check
from messaging.translate import fhir, hl7v2
from messaging.translate.hl7_path import Path, parse_path

RING = KeyRing(bytes(range(32)))
USED = "supply.consumed.v1"
HEADER = "MSH|^~\\&|CAB|NORTH|ODOO|HUB|20261120101500+0100||DFT^P03|CTL-1|P|2.5.1"
PID = "PID|1||MRN-4711^^^HOSP^MR||Canary^Ophelia||19510203|F"


@pytest.fixture(scope="module")
def used(contracts_folder):
    return Contract(json.loads((contracts_folder / f"{USED}.json").read_text()))


def table(used, *rules, kind="hl7v2", version=3):
    return Table(version, kind, [Rule(USED, **rule) for rule in rules], {USED: used})


def dft(*segments):
    raw = "\r".join([HEADER, PID, "PV1|1|I|ICU^12^1^SOUTH", *segments]).encode()
    return hl7v2.events(hl7v2.parse(raw), {USED}, {})


def ft1(number, **fields):
    row = {1: number, 2: f"TX-{number}", 4: "20261120", 6: "CG", 7: "T100", 10: "2"}
    row |= {int(name[1:]): value for name, value in fields.items()}
    return "FT1|" + "|".join(row.get(index, "") for index in range(1, max(row) + 1))


def mapped(used, events, *rules, kind="hl7v2"):
    made = table(used, *rules, kind=kind)
    return [made.apply(event, used).data for event in events]


def delivery(**members):
    resource = {
        "resourceType": "SupplyDelivery",
        "id": "d-1",
        "status": "completed",
        "patient": {"reference": "Patient/p-77", "display": "Canary Ophelia"},
        "suppliedItem": {
            "quantity": {"value": 2},
            "itemCodeableConcept": {"coding": [{"code": "T100"}]},
        },
        "occurrenceDateTime": "2026-11-20",
        "destination": {"display": "ICU"},
        **members,
    }
    body = guard.parse_json(json.dumps(resource).encode())
    return fhir.events(body, {USED}, {"delivery_meaning": "use"})


def native(**members):
    data = {
        "facility": "MAIN",
        "location": "ICU",
        "consumed_at": "2026-11-20T10:00:00Z",
        "lines": [
            {"line": 1, "item": {"value": "A"}, "quantity": 1, "batch": "L1"},
            {"line": 2, "item": {"value": "B"}, "quantity": 1},
        ],
        "patient": {"mrn": "MRN-4711", "name": "Canary Ophelia"},
        **members,
    }
    event = {"specversion": "1.0", "id": "e", "source": "urn:t", "type": USED, "data": data}
    return parse_structured(guard.parse_json(json.dumps(event).encode()), fallback_id=None)


# -- paths --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("ZCG-3", Path("ZCG", 3)),
        ("FT1-13.1", Path("FT1", 13, 1, 1)),
        ("ZX1-2.1.2", Path("ZX1", 2, 1, 1, 2)),
        ("PID-3(2).4", Path("PID", 3, 2, 4)),
    ],
)
def test_paths_are_written_as_people_write_them(text, path):
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["", "ZCG", "ZCG-", "ZCG-0", "zcg-1", "ZCG-1.0", "ZCG.1", "A-1"])
def test_what_is_no_path(text):
    assert parse_path(text) is None


@given(st.text(max_size=20))
def test_no_text_breaks_the_reader_of_paths(text):
    assert parse_path(text) is None or "-" in text


# -- HL7 ----------------------------------------------------------------------------------


def test_a_segment_of_the_sender_belongs_to_its_row(used):
    events = dft(ft1("1"), "ZCG|1|x|CC-1", ft1("2"), ft1("3"), "ZCG|3|x|CC-3")
    rule = {"target": "/cost_center", "source": "ZCG-3"}
    found = mapped(used, events, rule)
    assert [data.get("cost_center") for data in found] == ["CC-1", None, "CC-3"]


@pytest.mark.parametrize(
    "segments", [["ZCG|CC", ft1("1"), ft1("2")], [ft1("1"), ft1("2"), "ZCG|CC"]]
)
def test_a_segment_of_the_message_belongs_to_all_rows(used, segments):
    found = mapped(used, dft(*segments), {"target": "/cost_center", "source": "ZCG-1"})
    assert [data["cost_center"] for data in found] == ["CC", "CC"]


def test_fields_of_the_message_and_of_every_line(used):
    [data] = mapped(
        used,
        dft(ft1("1"), "ZLT|LOT-9^a&b|20261231"),
        {"target": "/facility", "source": "PV1-3.4"},
        {"target": "/lines/*/lot", "source": "ZLT-1.1"},
        {"target": "/lines/*/serial", "source": "ZLT-1.2.2"},
        {"target": "/lines/*/expiry", "source": "ZLT-2"},
    )
    line = data["lines"][0]
    assert (data["facility"], line["lot"], line["serial"]) == ("SOUTH", "LOT-9", "b")
    assert line["expiry"] == "2026-12-31"


def test_what_is_found_goes_before_what_was_read_and_a_default_after_it(used):
    rules = [
        {"target": "/cost_center", "source": "ZCG-1", "default": "CC-0"},
        {"target": "/location", "source": "ZCG-2", "default": "ER"},
    ]
    with_both = mapped(used, dft(ft1("1", f13="CC-F"), "ZCG|CC-Z|OR"), *rules)
    without = mapped(used, dft(ft1("1", f13="CC-F")), *rules)
    nothing = mapped(used, dft(ft1("1")), *rules)
    assert [(d["cost_center"], d["location"]) for d in (*with_both, *without, *nothing)] == [
        ("CC-Z", "OR"),
        ("CC-F", "ICU"),
        ("CC-0", "ICU"),
    ]


@pytest.mark.parametrize(
    ("sent", "else_default", "default", "kept"),
    [
        ("7", False, None, "CC-7"),
        ("8", False, "CC-0", "8"),
        ("8", True, "CC-0", "CC-0"),
        ("8", True, None, None),
    ],
)
def test_a_table_of_values(used, sent, else_default, default, kept):
    rule = {
        "target": "/cost_center",
        "source": "ZCG-1",
        "values": {"7": "CC-7"},
        "default": default,
        "else_default": else_default,
    }
    [data] = mapped(used, dft(ft1("1", f13="CC-F"), f"ZCG|{sent}"), rule)
    assert data.get("cost_center") == kept


def test_values_of_what_the_translator_read(used):
    [data] = mapped(used, dft(ft1("1")), {"target": "/location", "values": {"ICU": "ICU-1"}})
    assert data["location"] == "ICU-1"


def test_objects_are_made_where_there_is_something_to_put_there(used):
    rule = {"target": "/lines/*/item/value", "source": "ZIT-1"}
    [data] = mapped(used, dft(ft1("1", f7=""), "ZIT|I-9"), rule)
    assert data["lines"][0]["item"] == {"value": "I-9"}
    [data] = mapped(used, dft(ft1("1", f7="")), rule)
    assert "item" not in data["lines"][0]


# -- JSON ---------------------------------------------------------------------------------


def test_an_extension(used):
    extension = [{"url": "http://x", "valueString": "CC-X"}, {"url": "http://y"}]
    rule = {
        "target": "/cost_center",
        "source": "extension[?url=='http://x'].valueString | [0]",
        "default": "CC-0",
    }
    [data] = mapped(used, delivery(extension=extension), rule, kind="fhir")
    assert data["cost_center"] == "CC-X"
    [data] = mapped(used, delivery(), rule, kind="fhir")
    assert data["cost_center"] == "CC-0"


def test_a_query_is_asked_of_each_line_first(used):
    rule = {"target": "/lines/*/lot", "source": "batch"}
    [data] = mapped(used, [native(batch="L0")], rule, kind="cloudevents")
    assert [line["lot"] for line in data["lines"]] == ["L1", "L0"]
    [data] = mapped(used, [native()], rule, kind="cloudevents")
    assert [line.get("lot") for line in data["lines"]] == ["L1", None]


def test_the_event_stays_as_it_came(used):
    event = native()
    before = json.dumps(event.data, default=str)
    mapped(used, [event], {"target": "/lines/*/lot", "source": "batch"}, kind="cloudevents")
    assert json.dumps(event.data, default=str) == before


@pytest.mark.parametrize(
    "path", ["abs(lines)", "sum(lines[*].quantity)", "sort_by(lines, &nothing)"]
)
def test_a_query_that_does_not_fit_finds_nothing(used, path):
    rule = {"target": "/cost_center", "source": path, "default": "CC-0"}
    [data] = mapped(used, [native()], rule, kind="cloudevents")
    assert data["cost_center"] == "CC-0" or path.startswith("sum")


def test_a_calculated_number_is_no_float(used):
    rule = {"target": "/lines/*/quantity", "source": "to_number('0.1')"}
    [data] = mapped(used, [native()], rule, kind="cloudevents")
    assert data["lines"][0]["quantity"] == Decimal("0.1")


# -- rules that cannot hold ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rule", "broken"),
    [
        ("hl7v2", {"target": "/nothing", "source": "ZCG-1"}, "target"),
        ("hl7v2", {"target": "/lines", "source": "ZCG-1"}, "target"),
        ("hl7v2", {"target": "/note", "source": "ZCG-1"}, "target"),
        ("hl7v2", {"target": "/cost_center"}, "empty"),
        ("hl7v2", {"target": "/cost_center", "source": "cost"}, "syntax"),
        ("hl7v2", {"target": "/cost_center", "source": "QRD-1"}, "not_read"),
        ("hl7v2", {"target": "/cost_center", "source": "PID-5.1"}, "personal"),
        ("hl7v2", {"target": "/location", "source": "PV1-19"}, "personal"),
        ("hl7v2", {"target": "/cost_center", "source": "OBX-5"}, "clinical"),
        ("hl7v2", {"target": "/cost_center", "source": "DG1-3"}, "clinical"),
        ("hl7v2", {"target": "/cost_center", "source": "FT1-19"}, "clinical"),
        ("fhir", {"target": "/cost_center", "source": "a["}, "syntax"),
        ("fhir", {"target": "/cost_center", "source": "a" * 257}, "too_long"),
        ("fhir", {"target": "/cost_center", "source": "patient.display"}, "personal"),
        (
            "cloudevents",
            {"target": "/cost_center", "source": "join('', [patient.name])"},
            "personal",
        ),
    ],
)
def test_what_cannot_hold_is_refused(used, kind, rule, broken):
    with pytest.raises(MappingError) as caught:
        check(Rule(USED, **rule), kind, used)
    assert caught.value.rule == broken


def test_a_device_may_be_read_from_an_observation(used):
    check(Rule(USED, target="/lines/*/serial", source="OBX-18"), "hl7v2", used)


def test_a_row_out_of_many_is_found_at_once(used):
    """A message holds about this many rows: each must not look through all of it."""
    rows = [part for n in range(1, 1301) for part in (ft1(str(n)), f"ZCG|{n}")]
    events = dft(*rows)
    started = time.perf_counter()
    found = mapped(used, events, {"target": "/cost_center", "source": "ZCG-1"})
    assert [data["cost_center"] for data in found[::400]] == ["1", "401", "801", "1201"]
    assert time.perf_counter() - started < 2


def test_a_person_may_go_where_persons_are_expected(used):
    rule = {"target": "/patient/mrn", "source": "PID-4"}
    check(Rule(USED, **rule), "hl7v2", used)
    made = table(used, rule)
    [event] = dft(ft1("1"))
    kept = prepare(event, used, RING, channel_key="1", table=made).payload
    assert kept["patient"]["mrn"].startswith("hcp1_")


# -- persons ------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["MRN-4711", "mrn-4711", "Ophelia Canary", "for MRN-4711"])
def test_a_value_of_the_sender_that_names_a_person_is_left_out(used, sent):
    [event] = dft(ft1("1"), f"ZCG|{sent}")
    made = table(used, {"target": "/cost_center", "source": "ZCG-1", "default": "CC-0"})
    kept = prepare(event, used, RING, channel_key="1", table=made)
    assert kept.payload["cost_center"] == "CC-0"
    assert kept.dropped["/cost_center"] == 1
    assert sent not in json.dumps(kept.payload)


def test_a_person_of_native_data_is_left_out(used):
    made = table(used, {"target": "/cost_center", "source": "hint"}, kind="cloudevents")
    kept = prepare(native(hint="of canary ophelia"), used, RING, channel_key="1", table=made)
    assert "cost_center" not in kept.payload


# -- on the way to the ledger -------------------------------------------------------------


def test_what_a_table_brings_obeys_the_contract(used):
    made = table(used, {"target": "/lines/*/quantity", "source": "ZQT-1"})
    [event] = dft(ft1("1"), "ZQT|many")
    with pytest.raises(MessageError) as caught:
        prepare(event, used, RING, channel_key="1", table=made)
    assert caught.value.errors[0].pointer == "/lines/0/quantity"


def test_the_key_does_not_depend_on_the_table_and_the_version_is_told(used):
    [event] = dft(ft1("1"), "ZCG|CC-1")
    plain = prepare(event, used, RING, channel_key="1")
    made = table(used, {"target": "/cost_center", "source": "ZCG-1"})
    kept = prepare(event, used, RING, channel_key="1", table=made)
    assert plain.idempotency_key == kept.idempotency_key
    assert plain.payload_digest != kept.payload_digest
    assert (plain.mapping_version, kept.mapping_version) == (0, 3)


def test_other_types_of_the_channel_are_left_alone(used):
    event = replace(native(), type="other.v1")
    made = table(used, {"target": "/lines/*/lot", "source": "batch"}, kind="cloudevents")
    assert made.apply(event, used).data is event.data


def test_targets_are_the_fields_that_are_kept(used):
    found = targets(used.schema)
    assert {"/facility", "/cost_center", "/lines/*/lot", "/patient/mrn"} <= found.keys()
    assert not {"/note", "/performer", "/lines", "/patient"} & found.keys()
    assert found["/consumed_at"].is_time and found["/patient/mrn"].names_persons
