# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messaging.errors import FieldError, MessageError
from messaging.event import Event
from messaging.translate import hl7v2
from translate_samples import PID, SIU, er7, segment, siu, texts

CHANGED = frozenset({"appointment.changed.v1"})


def event(*rows: str, **parts: Any) -> Event:
    (found,) = hl7v2.events(hl7v2.parse(siu(*rows, **parts)), CHANGED, {})
    return found


def sch(**fields: str) -> str:
    return segment("SCH", **{"f1": "PL-1", "f2": "FI-2^SCHED", "f25": "Booked", **fields})


def ais(**fields: str) -> str:
    return segment("AIS", **{"f1": "1", "f2": "A", "f3": "US-1^Ultrasound^L", **fields})


def test_a_new_appointment() -> None:
    found = event()
    assert found.type == "appointment.changed.v1"
    assert found.data == {
        "appointment": "FI-2",
        "facility": "WEST",
        "status": "booked",
        "services": [{"system": "local", "value": "US-1"}],
        "start": "2026-11-21T09:00:00+01:00",
        "end": "2026-11-21T09:30:00+01:00",
        "resources": [{"system": "local", "value": "CLINIC"}],
        "patient": {"mrn": "MRN-4711", "authority": "ASSIGNER"},
    }
    assert (found.id, found.source) == ("CTL-0001", "urn:hl7v2:CABINET:NORTH")
    assert found.key == ("CABINET", "NORTH", "SIU^S12", "20261120101500+0100", "CTL-0001", "1")
    assert (found.reuse, found.relaxed, found.weak_key) == ("keep", True, False)


def test_the_time_of_the_message_orders_changes() -> None:
    assert event().time == datetime.fromisoformat("2026-11-20T10:15:00+01:00")


@pytest.mark.parametrize(
    ("trigger", "status"),
    [
        ("S12", "booked"), ("S13", "booked"), ("S14", "booked"), ("S15", "cancelled"),
        ("S16", "cancelled"), ("S17", "entered_in_error"), ("S18", "booked"), ("S19", "booked"),
        ("S20", "booked"), ("S21", "booked"), ("S22", "booked"), ("S26", "noshow"),
    ],
)  # fmt: skip
def test_the_trigger_decides(trigger: str, status: str) -> None:
    assert event(trigger=trigger).data["status"] == status
    assert event(trigger=trigger, sch=sch(f25="Pending")).data["status"] == status
    assert event(trigger=trigger, sch=sch(f25="Cancelled")).data["status"] == status


@pytest.mark.parametrize("trigger", ["S23", "S24", "S25", "S27"])
def test_slots_and_queries_are_refused_by_name(trigger: str) -> None:
    with pytest.raises(MessageError, match="not_supported"):
        event(trigger=trigger)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("Started", "arrived"), ("ARRIVED", "arrived"), ("Checked-In", "arrived"),
        ("^In progress", "arrived"), ("Complete", "fulfilled"), ("completed^Done", "fulfilled"),
        ("Fulfilled", "fulfilled"), ("Waitlist", "booked"), ("Noshow", "booked"), ("", "booked"),
    ],
)  # fmt: skip
def test_sch_25_tells_arrival_and_end(code: str, status: str) -> None:
    assert event(trigger="S14", sch=sch(f25=code)).data["status"] == status


@pytest.mark.parametrize(("trigger", "status"), [("S15", "cancelled"), ("S26", "noshow")])
def test_what_is_off_is_not_done(trigger: str, status: str) -> None:
    assert event(trigger=trigger, sch=sch(f25="Complete")).data["status"] == status


def test_the_number() -> None:
    assert event(sch=sch(f2="")).data["appointment"] == "PL-1"
    for message in (siu(sch=sch(f1="", f2="")), er7(PID, header=SIU)):
        with pytest.raises(MessageError, match="contract_invalid") as caught:
            hl7v2.events(hl7v2.parse(message), CHANGED, {})
        assert caught.value.errors == (FieldError("/appointment", "required"),)


TQ1 = segment("TQ1", f7="202611211000", f8="202611211045")


@pytest.mark.parametrize(
    ("schedule", "rows", "start", "end"),
    [
        ({}, [TQ1, ais(f4="202611210900", f7="30", f8="min")], "10:00", "10:45"),
        ({}, [segment("TQ1", f6="1^h&hour&UCUM", f7="202611211000")], "10:00", "11:00"),
        ({"f9": "20", "f10": "m"}, [segment("TQ1", f7="202611211000")], "10:00", "10:20"),
        (
            {},
            [
                ais(f4="202611210930", f7="0.5", f8="HR"),
                ais(f1="2", f4="202611210900", f7="1800", f8="s"),
            ],
            "09:00",
            "10:00",
        ),
        ({"f9": "90", "f10": "Minutes"}, [ais(f4="202611210900")], "09:00", "10:30"),
        ({}, [ais(f4="202611210900", f7="30", f8="x")], "09:00", None),
        ({}, [ais(f4="202611210900", f7="30")], "09:00", None),
        ({}, [ais(f4="202611210900", f7="0", f8="min")], "09:00", None),
        (
            {},
            [ais(f4="202611210900", f7="30", f8="min"), ais(f1="2", f4="202611211200")],
            "09:00",
            None,
        ),
        ({"f11": "^^30^202611211400^202611211430"}, [ais()], "14:00", "14:30"),
        ({"f11": "^^30^202611211400", "f9": "15", "f10": "min"}, [ais()], "14:00", "14:15"),
        (
            {"f11": "^^30^202611211400^202611211430"},
            [ais(f4="202611210900", f7="30", f8="min")],
            "09:00",
            "09:30",
        ),
        ({}, [ais()], None, None),
    ],
)
def test_times(
    schedule: dict[str, str], rows: list[str], start: str | None, end: str | None
) -> None:
    data = event(*rows, sch=sch(**schedule)).data
    placed = [clock and f"2026-11-21T{clock}:00+01:00" for clock in (start, end)]
    assert [data.get("start"), data.get("end")] == placed


def test_a_day_has_no_end() -> None:
    data = event(ais(f4="20261121", f7="30", f8="min")).data
    assert data["start"] == "2026-11-21"
    assert "end" not in data


@pytest.mark.parametrize(
    ("fields", "pointer", "rule"),
    [
        ({"f4": "tomorrow"}, "/start", "format"),
        ({"f4": "202611210900", "f7": "half", "f8": "h"}, "/end", "type"),
        ({"f4": "999912312300", "f7": "99", "f8": "d"}, "/end", "format"),
        ({"f4": "202611210900", "f7": "9" * 30, "f8": "d"}, "/end", "format"),
    ],
)
def test_no_time(fields: dict[str, str], pointer: str, rule: str) -> None:
    with pytest.raises(MessageError, match="contract_invalid") as caught:
        event(ais(**fields))
    assert caught.value.errors == (FieldError(pointer, rule),)


def test_services_and_resources() -> None:
    found = event(
        ais(),
        ais(f1="2", f3="76164006^Biopsy^SCT"),
        ais(f1="3"),
        ais(f1="4", f2="D", f3="OLD^^L"),
        segment("AIG", f1="1", f2="A", f3="SCOPE-7^Scope^L", f4="101^Equipment^L"),
        segment("AIL", f1="1", f2="A", f3="OR1^R1^B1^WEST~OR2^R2^B2^WEST"),
        segment("AIL", f1="2", f2="D", f3="OR3^^^EAST"),
        segment("AIP", f1="1", f3="1210^Hale^Robert^C"),
    )
    assert found.data["services"] == [
        {"system": "local", "value": "US-1"},
        {"system": "urn:hl7:sct", "value": "76164006"},
    ]
    assert found.data["resources"] == [
        {"system": "local", "value": value} for value in ("SCOPE-7", "OR1", "OR2")
    ]
    assert not {"1210", "Hale", "R1", "B1", "OLD", "OR3"} & {*texts(found.data)}


@pytest.mark.parametrize("trigger", ["S20", "S21", "S22"])
def test_what_is_taken_off_an_appointment(trigger: str) -> None:
    rows = (ais(), ais(f1="2", f3="LAB^^L", f10="Cancelled"))
    assert event(*rows, trigger=trigger).data["services"] == [{"system": "local", "value": "US-1"}]
    assert len(event(*rows, trigger="S15").data["services"]) == 2  # type: ignore[arg-type]


def test_the_facility() -> None:
    assert event(ais(), segment("AIL", f3="CLINIC")).data["facility"] == "SOUTH"
    assert event(ais(), pv1="PV1|1|O|CLINIC").data["facility"] == "NORTH"


def test_what_is_optional_stays_absent() -> None:
    found = event("AIP|1", pid="PID|1", pv1="PV1|1")
    assert found.data == {"appointment": "FI-2", "facility": "NORTH", "status": "booked"}


def test_an_appointment_of_several_patients() -> None:
    with pytest.raises(MessageError, match="not_supported"):
        event(PID.replace("4711", "4712"))


def test_personal_values_are_named() -> None:
    contact = {
        "f12": "901^Marsh^Ada", "f13": "(608)271-9000^^PH", "f14": "7 Elm St^^Goodtown",
        "f16": "902^Reed^Ida", "f17": "555-0102", "f18": "8 Elm St", "f20": "903^Dent^Una",
        "f21": "555-0103",
    }  # fmt: skip
    found = event(
        ais(),
        segment("AIG", f1="1", f3="1210^Hale^L"),
        segment("AIP", f1="1", f3="1210^Hale^Robert"),
        segment("OBX", f1="1", f16="1134^Aly^Zafar"),
        sch=sch(**contact),
    )
    assert found.personal >= {
        "MRN-4711", "901", "Marsh", "(608)271-9000", "7 Elm St", "Reed", "555-0102", "8 Elm St",
        "903", "Dent", "555-0103", "1210", "Hale", "Robert Hale", "1134", "Aly",
    }  # fmt: skip
    # A person entered as a resource is found by the number, and hidden by intake.
    assert found.data["resources"] == [{"system": "local", "value": "1210"}]


@settings(max_examples=200)
@given(st.data())
def test_mutations_raise_nothing_but_refusals(data: st.DataObject) -> None:
    raw = bytearray(siu(TQ1, ais(f4="202611210900", f7="30", f8="min"), "AIL|1||OR1~OR2"))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 12)))
        raw[start:end] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"|", b"^", b"~", b"&", b"\r", b"9", b"+1400"])
        )
    try:
        (found,) = hl7v2.events(hl7v2.parse(bytes(raw)), CHANGED, {})
    except MessageError as error:
        assert error.spec.status
        return
    assert found.data["appointment"]
