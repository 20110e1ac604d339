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
from translate_samples import SHARED, SUPPLIES

TYPES = SUPPLIES | {"supply.requested.v1"}
HL7 = sorted(SHARED.glob("hl7v2/*.hl7"))
FHIR = sorted(SHARED.glob("fhir-r4/*.json"))
here = pytest.mark.skipif(not HL7 or not FHIR, reason="the published samples are not here")


def translated(path: Path) -> list[Event]:
    if path.suffix == ".hl7":
        return hl7v2.events(hl7v2.parse(path.read_bytes()), TYPES, {})
    return fhir.events(guard.parse_json(path.read_bytes()), TYPES, {})


def lines(name: str) -> list[Any]:
    return [
        (line["item"]["system"], line["item"]["value"], Decimal(line["quantity"]))
        for event in translated(SHARED / name)
        for line in event.data["lines"]  # type: ignore[union-attr]
    ]


@here
def test_charges() -> None:
    assert lines("hl7v2/DFT-P03-01.hl7") == [("local", "Item-12345", 2), ("local", "99011", 1)]
    first, second = translated(SHARED / "hl7v2/DFT-P03-01.hl7")
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


@here
def test_the_others_are_refused_by_name() -> None:
    taken = {"DFT-P03-01.hl7", "DFT-P11-01.hl7"}
    taken |= {"supplydelivery-example.json", "supplyrequest-example-simpleorder.json"}
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
