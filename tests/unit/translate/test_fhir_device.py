# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from __future__ import annotations

from typing import Any

import pytest
from messaging import guard
from messaging.errors import MessageError
from messaging.event import Event
from messaging.translate import fhir
from translate_samples import SHARED

UPSERTED = "equipment.upserted.v1"


def device(**changes: Any) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "resourceType": "Device",
        "id": "d-1",
        "meta": {"versionId": "2", "lastUpdated": "2026-11-20T10:00:00+01:00"},
        "identifier": [{"system": "urn:cmms", "value": "EQ-42"}],
        "udiCarrier": [
            {"deviceIdentifier": "04012345678901", "carrierHRF": "(01)04012345678901(21)SN-1"}
        ],
        "status": "active",
        "manufacturer": "Example Medical",
        "serialNumber": "SN-1",
        "modelNumber": "P-100",
        "deviceName": [
            {"name": "Infusomat", "type": "model-name"},
            {"name": "Pump 42", "type": "user-friendly-name"},
        ],
        "type": {"coding": [{"code": "182722004", "display": "Infusion pump"}]},
        "version": [{"value": "3.2"}, {"value": "fw 7"}],
        "location": {"reference": "Location/ICU-1"},
        "note": [{"text": "next to Mrs Quillfeather"}],
    }
    merged = {**resource, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def event(**changes: Any) -> Event:
    (found,) = fhir.events(device(**changes), {UPSERTED}, {})
    return found


def test_a_device_is_equipment() -> None:
    found = event()
    assert found.data == {
        "equipment": {"system": "urn:cmms", "value": "EQ-42"},
        "name": "Pump 42",
        "serial": "SN-1",
        "model": "P-100",
        "manufacturer": "Example Medical",
        "udi": "(01)04012345678901(21)SN-1",
        "udi_di": "04012345678901",
        "category": "Infusion pump",
        "location": "ICU-1",
        "software": "3.2, fw 7",
        "status": "active",
    }
    assert found.type == UPSERTED
    assert found.key == ("Device", "urn:cmms|EQ-42", "version:2")
    assert found.time is not None and found.time.isoformat() == "2026-11-20T09:00:00+00:00"


def test_only_what_is_there() -> None:
    (found,) = fhir.events({"resourceType": "Device", "id": "x"}, {UPSERTED}, {})
    assert found.data == {"equipment": {"system": "local", "value": "x"}}
    assert event(modelNumber=None).data["model"] == "Infusomat"
    assert event(type={"text": "Pump"}).data["category"] == "Pump"
    assert event(location={"display": "Store"}).data["location"] == "Store"
    assert event(status="entered-in-error").data["status"] == "entered_in_error"


@pytest.mark.parametrize("patient", [{"reference": "Patient/9"}, {}, None, "Patient/9"])
def test_a_device_of_a_patient_is_refused(patient: Any) -> None:
    with pytest.raises(MessageError, match="device_of_patient"):
        fhir.events({**device(), "patient": patient}, {UPSERTED}, {})


def test_refusals() -> None:
    with pytest.raises(MessageError, match="malformed_fhir"):
        event(status="broken")
    with pytest.raises(MessageError, match="malformed_fhir"):
        event(udiCarrier={"carrierHRF": "x"})
    with pytest.raises(MessageError, match="not_supported"):
        event(modifierExtension=[{"url": "urn:not"}])
    with pytest.raises(MessageError, match="type_not_accepted"):
        fhir.events(device(), {"charge.captured.v1"}, {})


@pytest.mark.skipif(not SHARED.exists(), reason="the published samples are not here")
def test_published_example() -> None:
    raw = (SHARED / "fhir-r4/device-example.json").read_bytes()
    (found,) = fhir.events(guard.parse_json(raw), {UPSERTED}, {})
    assert found.data["equipment"] == {
        "system": "http://goodcare.org/devices/id",
        "value": "345675",
    }
