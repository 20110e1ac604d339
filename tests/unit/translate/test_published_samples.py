# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Messages that others published, where their folder stands beside the repository."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messaging import guard
from messaging.errors import MessageError
from messaging.event import Event
from messaging.translate import fhir, hl7v2
from translate_samples import SHARED, SUPPLIES, texts

SUPPLY = SUPPLIES | {"supply.requested.v1"}
BILLING = frozenset({"charge.captured.v1", "appointment.changed.v1", "service.completed.v1"})
TYPES = SUPPLY | BILLING
HL7 = sorted(SHARED.glob("hl7v2/*.hl7"))
FHIR = sorted(SHARED.glob("fhir-r4/*.json"))
here = pytest.mark.skipif(not HL7 or not FHIR, reason="the published samples are not here")


def translated(path: Path, types: frozenset[str] = TYPES) -> list[Event]:
    if path.suffix == ".hl7":
        return hl7v2.events(hl7v2.parse(path.read_bytes()), types, {})
    return fhir.events(guard.parse_json(path.read_bytes()), types, {})


def billing(name: str, same: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """What is kept for billing, and that nobody's name is in it.

    :param same: codes that happen to be somebody's number, too: intake hides them
    """
    found = translated(SHARED / name, BILLING)
    for event in found:
        hidden = {"patient": {}, "encounter": "", "coverage": event.data.get("coverage", {})}
        hidden["coverage"] = {**hidden["coverage"], "policy": ""}  # type: ignore[dict-item]
        kept = {text.casefold() for text in texts({**event.data, **hidden})}
        assert kept & {value.casefold() for value in event.personal} == same
    return [event.data for event in found]


def lines(name: str) -> list[Any]:
    return [
        (line["item"]["system"], line["item"]["value"], Decimal(line["quantity"]))
        for event in translated(SHARED / name, SUPPLY)
        for line in event.data["lines"]  # type: ignore[union-attr]
    ]


@here
def test_use_of_supplies() -> None:
    assert lines("hl7v2/DFT-P03-01.hl7") == [("local", "Item-12345", 2), ("local", "99011", 1)]
    first, second = translated(SHARED / "hl7v2/DFT-P03-01.hl7", SUPPLY)
    assert first.data["location"] == "HUH AE OMU"
    assert first.data["facility"] == "HOMERTON UNIVER"
    assert first.data["transaction"] == "12345"
    assert (second.data["transaction"], second.weak_key) == ("MSG00001/2", True)
    assert {"PATID1234", "EVERYMAN", "ADAM", "19880818", "Hospital Lane"} <= first.personal
    kept = {first.data["location"], first.data["facility"], first.data["cost_center"]}
    assert not kept & first.personal


@here
def test_deliveries_and_requests() -> None:
    assert lines("fhir-r4/supplydelivery-example.json") == [("local", "BlueTubes", 10)]
    assert lines("fhir-r4/supplyrequest-example-simpleorder.json") == [("local", "BlueTubes", 10)]


XRAY = {
    "charge": "12345",
    "action": "charge",
    "encounter": "40007716",
    "facility": "HOMERTON UNIVER",
    "location": "HUH AE OMU",
    "service": {"system": "urn:hl7:c4", "value": "71045"},
    "quantity": 2,
    "modifiers": [{"system": "local", "value": "26"}],
    "occurred_at": "2019-11-22",
    "amount": {"amount": "100", "currency": "USD"},
    "price": {"amount": "50", "currency": "USD"},
    "cost_center": "RAD-1",
    "patient": {"mrn": "PATID1234", "authority": "test1"},
    "coverage": {
        "payer": {"system": "urn:oid:2.16.840.1.113883.1.1", "value": "Org-12345"},
        "policy": "548851236L",
    },
}
SECOND = {name: XRAY[name] for name in ("action", "encounter", "occurred_at", "patient")} | {
    "charge": "MSG00001/2",
    "quantity": 1,
    "facility": "HOMERTON UNIVER",
    "location": "HUH AE OMU",
}


@here
def test_charges_of_p03() -> None:
    first, second = billing("hl7v2/DFT-P03-01.hl7")
    assert first == XRAY
    assert second == SECOND | {
        "service": {"system": "local", "value": "626.2"},
        "amount": {"amount": "120", "currency": "USD"},
        "coverage": XRAY["coverage"],
    }
    assert [event.weak_key for event in translated(SHARED / "hl7v2/DFT-P03-01.hl7", BILLING)] == [
        False, True,
    ]  # fmt: skip


@here
def test_charges_of_p11() -> None:
    first, second = billing("hl7v2/DFT-P11-01.hl7")
    assert first == XRAY
    assert second == SECOND | {
        "service": {"system": "urn:hl7:c4", "value": "92002"},
        "amount": {"amount": "70", "currency": "USD"},
    }


@here
@pytest.mark.parametrize(
    ("name", "status"), [("S12", "booked"), ("S14", "booked"), ("S15", "cancelled")]
)
def test_appointments(name: str, status: str) -> None:
    # S12 gives the visit the number of the endoscope.
    same = frozenset({"5001"} if name == "S12" else ())
    (found,) = billing(f"hl7v2/SIU-{name}-01.hl7", same)
    assert found == {
        "appointment": "36996",
        "facility": "GH Clinic",
        "status": status,
        "services": [{"system": "urn:hl7:sct", "value": "76164006"}],
        "start": "2021-09-24T09:30:00+02:15",
        "end": "2021-09-24T10:20:00+02:15",
        "resources": [{"system": "local", "value": "5001"}, {"system": "local", "value": "055"}],
        "patient": {"mrn": "PATID1234", "authority": "test1"},
    }


@here
def test_persons_of_an_appointment_are_found() -> None:
    (found,) = translated(SHARED / "hl7v2/SIU-S12-01.hl7", BILLING)
    assert found.personal >= {
        "EVERYMAN", "PATID1234", "9941339109", "(608)271-9000", "DENT", "COREY", "1210",
        "1134", "115 MAINSTREET",
    }  # fmt: skip


@here
def test_resources_of_billing() -> None:
    assert billing("fhir-r4/chargeitem-example.json") == [
        {
            "charge": "654321",
            "action": "charge",
            "occurred_at": "2017-01-25T08:00:00+01:00",
            "service": {"system": "local", "value": "01510"},
            "quantity": 1,
            "amount": {"amount": "40", "currency": "EUR"},
            "encounter": "example",
            "patient": {"mrn": "example"},
        }
    ]
    (found,) = translated(SHARED / "fhir-r4/appointment-example.json")
    assert found.data == {
        "appointment": "example",
        "status": "booked",
        "services": [{"system": "local", "value": "52"}],
        "start": "2013-12-10T09:00:00Z",
        "end": "2013-12-10T11:00:00Z",
        "resources": [{"system": "local", "value": "1"}],
        "patient": {"mrn": "example"},
    }
    # Appointment and patient are both called "example": intake hides both.
    assert "example" in found.personal
    assert billing("fhir-r4/encounter-example-f001-heart.json") == [
        {
            "encounter": "v1451",
            "services": [
                {
                    "line": "1",
                    "service": {"system": "http://snomed.info/sct", "value": "270427003"},
                    "quantity": 1,
                }
            ],
            "patient": {"mrn": "f001"},
        }
    ]


@here
def test_the_others_are_refused_by_name() -> None:
    taken = {"DFT-P03-01.hl7", "DFT-P11-01.hl7"}
    taken |= {f"SIU-{trigger}-01.hl7" for trigger in ("S12", "S14", "S15")}
    taken |= {"supplydelivery-example.json", "supplyrequest-example-simpleorder.json"}
    taken |= {"chargeitem-example.json", "appointment-example.json"}
    taken |= {"encounter-example-f001-heart.json"}
    for path in [*HL7, *FHIR]:
        if path.name in taken:
            assert translated(path)
            continue
        with pytest.raises(MessageError, match=r"type_not_accepted|not_supported"):
            translated(path)


@here
@settings(max_examples=40)
@given(st.data())
def test_mutations_raise_nothing_but_refusals(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([*HL7, *FHIR]))
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(raw)))
        raw[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=6))
    try:
        if path.suffix == ".hl7":
            hl7v2.events(hl7v2.parse(bytes(raw)), TYPES, {})
        else:
            fhir.events(guard.parse_json(bytes(raw)), TYPES, {})
    except MessageError as error:
        assert error.spec.status
