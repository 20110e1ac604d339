# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Messages written for these tests from the standards."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[4] / "shared" / "samples"
SUPPLIES = frozenset({"supply.consumed.v1", "supply.returned.v1"})

HEADER = (
    r"MSH|^~\&|CABINET|NORTH^1.2.3^ISO|ODOO^9.8^ISO|ERP|20261120101500+0100||DFT^P03^DFT_P03"
    r"|CTL-0001|P|2.5.1"
)
PID = (
    "PID|1||990011^^^ASSIGNER^SS~MRN-4711^^^ASSIGNER&1.2.3&ISO^MR||Quillfeather^Theodora^J||"
    "19700229|F|||12 Larch Row^^Millbrook^^45678||+45 5550 1234"
)
PV1 = "PV1|1|I|ICU&x^R7^B2^SOUTH&9&ISO||||7001^Hartwell^Beatrice||||||||||||VISIT-9"


def segment(name: str, **fields: str) -> str:
    """A segment by field numbers: ``segment("FT1", f1="1", f6="CG")``."""
    numbered = {int(key[1:]): value for key, value in fields.items()}
    return "|".join([name, *(numbered.get(n, "") for n in range(1, max(numbered) + 1))])


def ft1(**fields: str) -> str:
    """A charge of two pieces, unless said otherwise."""
    usual = {
        "f1": "1",
        "f2": "TX-1",
        "f4": "202611201000",
        "f6": "CG",
        "f7": "T100^Transaction^L",
        "f10": "2",
        "f13": "CC-5^Ward",
    }
    return segment("FT1", **{**usual, **fields})


def er7(*segments: str, header: str = HEADER) -> bytes:
    return "".join(line + "\r" for line in (header, *segments)).encode()


def dft(*rows: str, header: str = HEADER, pid: str = PID, pv1: str = PV1) -> bytes:
    return er7("EVN|P03|20261120101000", pid, pv1, *(rows or (ft1(),)), header=header)


def delivery(**changes: Any) -> dict[str, Any]:
    """A completed delivery to a patient; None takes a member out."""
    resource: dict[str, Any] = {
        "resourceType": "SupplyDelivery",
        "id": "d-1",
        "meta": {"versionId": "3", "lastUpdated": "2026-11-20T10:00:00+01:00"},
        "identifier": [{"system": "urn:cabinet", "value": "TX-77"}],
        "status": "completed",
        "patient": {"reference": "Patient/p-9", "display": "Theodora Quillfeather"},
        "suppliedItem": {
            "quantity": {"value": Decimal("2.50"), "unit": "box", "code": "{box}"},
            "itemCodeableConcept": {
                "coding": [
                    {"display": "no code"},
                    {"system": "https://www.gs1.org/gtin", "code": "00380740000011"},
                ]
            },
        },
        "occurrenceDateTime": "2026-11-20T09:30:00+01:00",
        "destination": {"identifier": {"system": "urn:site:north", "value": "ICU"}},
    }
    merged = {**resource, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def request(**changes: Any) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "resourceType": "SupplyRequest",
        "id": "r-1",
        "status": "active",
        "itemReference": {"reference": "Device/glove-m"},
        "quantity": {"value": 40},
        "authoredOn": "2026-11-20",
        "requester": {"reference": "Practitioner/n-5", "display": "Beatrice Hartwell"},
        "deliverTo": {"reference": "https://ehr.example/fhir/Location/WARD-2"},
    }
    merged = {**resource, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def texts(value: Any) -> Iterator[str]:
    """All texts within a value."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else ():
        yield from texts(item)
    for item in value if isinstance(value, list) else ():
        yield from texts(item)


SIU = HEADER.replace("DFT^P03^DFT_P03", "SIU^S12^SIU_S12")


def siu(*rows: str, trigger: str = "S12", sch: str = "", pid: str = PID, pv1: str = PV1) -> bytes:
    """An appointment for a service in a clinic."""
    usual = (
        segment(
            "AIS", f1="1", f2="A", f3="US-1^Ultrasound^L", f4="202611210900", f7="30", f8="min"
        ),
        segment("AIL", f1="1", f2="A", f3="CLINIC^ROOM^BED^WEST"),
    )
    schedule = sch or segment("SCH", f1="PL-1", f2="FI-2^SCHED", f25="Booked")
    header = SIU.replace("S12", trigger)
    return er7(schedule, pid, pv1, "RGS|1|A", *(rows or usual), header=header)


def _changed(resource: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """None takes a member out."""
    merged = {**resource, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def charge_item(**changes: Any) -> dict[str, Any]:
    """A billable charge of two pieces at a price of its own."""
    resource: dict[str, Any] = {
        "resourceType": "ChargeItem",
        "id": "ci-1",
        "meta": {"versionId": "2", "lastUpdated": "2026-11-20T12:00:00+01:00"},
        "identifier": [{"system": "urn:ehr:charges", "value": "TX-1"}],
        "status": "billable",
        "code": {"coding": [{"system": "urn:ehr:services", "code": "US-1"}]},
        "subject": {"reference": "Patient/p-9", "display": "Theodora Quillfeather"},
        "context": {"reference": "Encounter/enc-9"},
        "occurrencePeriod": {"start": "2026-11-20T10:00:00+01:00", "end": "2026-11-20T11:00:00Z"},
        "performer": [{"actor": {"reference": "Practitioner/n-77", "display": "Rowan Oakes"}}],
        "performingOrganization": {"identifier": {"value": "CARDIOLOGY"}},
        "costCenter": {"identifier": {"system": "urn:cc", "value": "CC-5"}},
        "quantity": {"value": 2, "unit": "piece", "code": "{piece}"},
        "factorOverride": Decimal("0.8"),
        "priceOverride": {"value": Decimal("40.50"), "currency": "EUR"},
        "overrideReason": "golf",
        "enterer": {"reference": "Practitioner/n-78"},
        "reason": [{"coding": [{"system": "urn:icd", "code": "K63.3"}]}],
        "account": [{"reference": "Account/acc-44"}],
    }
    return _changed(resource, changes)


def appointment(**changes: Any) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "resourceType": "Appointment",
        "id": "ap-1",
        "meta": {"lastUpdated": "2026-11-20T12:00:00+01:00"},
        "identifier": [{"system": "urn:sched", "value": "FI-2"}],
        "status": "booked",
        "serviceType": [
            {"coding": [{"code": "US-1"}]},
            {"text": "no code"},
            {"coding": [{"system": "urn:lab", "code": "LAB-2"}]},
        ],
        "start": "2026-11-21T09:00:00+01:00",
        "end": "2026-11-21T09:30:00+01:00",
        "comment": "fasting",
        "participant": [
            {"actor": {"reference": "Patient/p-9", "display": "Theodora Quillfeather"}},
            {"actor": {"reference": "Practitioner/n-77", "display": "Rowan Oakes"}},
            {"actor": {"reference": "Location/room-1", "display": "South Wing"}},
            {"actor": {"type": "Device", "identifier": {"system": "urn:dev", "value": "SCOPE-7"}}},
            {"actor": {"reference": "HealthcareService/hs-3"}, "status": "declined"},
        ],
    }
    return _changed(resource, changes)


def encounter(**changes: Any) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "resourceType": "Encounter",
        "id": "enc-9",
        "identifier": [
            {"value": "other"},
            {"type": {"coding": [{"code": "VN"}]}, "system": "urn:visits", "value": "VISIT-9"},
        ],
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [
            {"coding": [{"system": "urn:ehr:services", "code": "US-1"}]},
            {"coding": [{"system": "urn:ehr:services", "code": "US-1"}]},
        ],
        "serviceType": {"coding": [{"code": "57"}]},
        "subject": {"reference": "Patient/p-9", "display": "Theodora Quillfeather"},
        "participant": [{"individual": {"reference": "Practitioner/n-77", "display": "R. Oakes"}}],
        "period": {"start": "2026-11-20T10:00:00+01:00", "end": "2026-11-20T12:00:00+01:00"},
        "reasonCode": [{"coding": [{"code": "K63.3"}]}],
        "account": [{"reference": "Account/acc-44"}],
    }
    return _changed(resource, changes)
