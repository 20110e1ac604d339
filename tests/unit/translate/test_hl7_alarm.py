# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Alarms of devices (IHE PCD ACM, PCD-04)."""

from __future__ import annotations

from typing import Any

import pytest
from messaging.errors import MessageError
from messaging.event import Event
from messaging.translate import hl7v2
from translate_samples import HEADER, PID, PV1, er7, segment

ALARMED = "device.alarmed.v1"
R40 = HEADER.replace("DFT^P03^DFT_P03", "ORU^R40^ORU_R40").replace("2.5.1", "2.6")
PUMP = "PUMP-42^^0012210000000000^EUI-64"


def obr(**fields: str) -> str:
    usual = {
        "f1": "1",
        "f3": "ALM-7^STATION",
        "f4": "196616^MDC_EVT_ALARM^MDC",
        "f7": "20261120100001",
    }
    return segment("OBR", **{**usual, **fields})


def obx(number: str, value: str, **fields: str) -> str:
    return segment("OBX", f1="1", f2="ST", f3=number, f4="1.1.0.0.1", f5=value, **fields)


def facets(**change: str) -> list[str]:
    """A technical alarm of a pump, with the facets of PCD-04."""
    said = {"phase": "start", "state": "active", "priority": "PM", "kind": "ST", **change}
    return [
        obx("69985^MDC_DEV_PUMP_INFUS_MDS^MDC", "", f18="MDS-1"),
        obx("196616^MDC_EVT_ALARM^MDC", "196802^MDC_EVT_BATT_LO^MDC", f18=PUMP),
        obx("68480^MDC_ATTR_ALERT_SOURCE^MDC", "69985^MDC_DEV_PUMP_INFUS_MDS^MDC"),
        obx("68481^MDC_ATTR_EVENT_PHASE^MDC", said["phase"]),
        obx("68482^MDC_ATTR_ALARM_STATE^MDC", said["state"]),
        obx("68484^MDC_ATTR_ALARM_PRIORITY^MDC", said["priority"]),
        obx("68485^MDC_ATTR_ALERT_TYPE^MDC", said["kind"]),
        obx("68546^MDC_ATTR_ALERT_TEXT^MDC", "Quillfeather: battery low"),
    ]


def events(*rows: str, pid: str = PID, pv1: str = PV1) -> list[Event]:
    message = hl7v2.parse(er7(pid, pv1, *rows, header=R40))
    assert hl7v2.types_of(message) == {ALARMED}
    return hl7v2.events(message, {ALARMED}, {})


def data(*rows: str, **parts: str) -> dict[str, Any]:
    (found,) = events(*rows, **parts)
    return found.data


def test_an_alarm_of_a_pump() -> None:
    (found,) = events(obr(), *facets())
    assert found.type == ALARMED
    assert found.data == {
        "alarm": "ALM-7",
        "equipment": {"system": "local", "value": "PUMP-42"},
        "phase": "start",
        "priority": "medium",
        "kind": "technical",
        "code": "MDC_EVT_BATT_LO",
        "occurred_at": "2026-11-20T10:00:01+01:00",
        "location": "ICU",
    }
    assert (found.id, found.source, found.reuse) == ("CTL-0001", "urn:hl7v2:CABINET:NORTH", "keep")
    assert "Quillfeather" in " ".join(found.personal)


@pytest.mark.parametrize(
    ("phase", "state", "expected"),
    [
        ("start", "active", "start"),
        ("tpoint", "", "start"),
        ("continue", "active", "update"),
        ("Update", "active", "update"),
        ("escalate", "active", "update"),
        ("end", "inactive", "end"),
        ("reset", "", "end"),
        ("", "inactive", "end"),
        ("", "latched", "update"),
        ("", "", "start"),
    ],
)
def test_phases(phase: str, state: str, expected: str) -> None:
    assert data(obr(), *facets(phase=phase, state=state))["phase"] == expected


@pytest.mark.parametrize(
    ("priority", "kind", "expected"),
    [
        ("PH", "ST", ("high", "technical")),
        ("pl", "SP", ("low", "physiological")),
        ("PI", "ST", ("advisory", "technical")),
        ("PM", "SA", ("advisory", "technical")),
        ("PN", "ST", (None, "technical")),
        ("", "", (None, None)),
    ],
)
def test_priorities_and_kinds(priority: str, kind: str, expected: tuple[Any, Any]) -> None:
    found = data(obr(), *facets(priority=priority, kind=kind))
    assert (found.get("priority"), found.get("kind")) == expected


def test_flags_stand_in_for_facets() -> None:
    flagged = obx("196616^MDC_EVT_ALARM^MDC", "196680^MDC_EVT_LEAD_OFF^MDC", f8="A~PL~ST", f18="M1")
    found = data(obr(), flagged)
    assert (found["priority"], found["kind"], found["code"]) == (
        "low", "technical", "MDC_EVT_LEAD_OFF",
    )  # fmt: skip


def test_limits_name_what_they_are_the_limit_of() -> None:
    limit = obx("196670^MDC_EVT_LO^MDC", "150456^MDC_PULS_OXIM_SAT_O2^MDC", f8="PH~SP", f18="M1")
    found = data(obr(), limit)
    assert found["code"] == "MDC_EVT_LO/MDC_PULS_OXIM_SAT_O2"
    assert found["kind"] == "physiological"


def test_what_goes_on_leads_back_to_its_start() -> None:
    later = obr(f3="ALM-9", f29="^ALM-7&STATION")
    assert data(later, *facets(phase="end"))["alarm"] == "ALM-7"
    assert data(obr(f3="ALM-9", f29="PL-1^ALM-7"), *facets(phase="end"))["alarm"] == "ALM-7"
    assert data(obr(f3="", f2="PLACER-3"), *facets())["alarm"] == "PLACER-3"
    assert data(obr(f3=""), *facets())["alarm"] == "CTL-0001"


def test_the_device_is_looked_for() -> None:
    event = obx("196616^MDC_EVT_ALARM^MDC", "196802^MDC_EVT_BATT_LO^MDC", f8="ST~PM")
    part = segment("PRT", f1="1", f2="AD", f4="EQUIP^Equipment^HL70912", f10="PRT-7^^1.2.3^ISO")
    assert data(obr(), event, obx("69985^MDC_DEV^MDC", "", f18="MDS-1"))["equipment"] == {
        "system": "local", "value": "MDS-1",
    }  # fmt: skip
    assert data(obr(), event, part)["equipment"] == {"system": "urn:oid:1.2.3", "value": "PRT-7"}
    named = obx("67972^MDC_ATTR_SYS_ID^MDC", "SYS-3")
    assert data(obr(), event, named)["equipment"]["value"] == "SYS-3"
    universal = obx("196616^MDC_EVT_ALARM^MDC", "1", f18="^^080019FFFE0B4020^EUI-64")
    assert data(obr(), universal)["equipment"]["value"] == "080019FFFE0B4020"
    assert "equipment" not in data(obr(), event)


def test_an_event_per_order() -> None:
    found = events(obr(), *facets(), obr(f1="2", f3="ALM-8"), *facets(phase="end"))
    assert [one.id for one in found] == ["CTL-0001/1", "CTL-0001/2"]
    assert [(one.data["alarm"], one.data["phase"]) for one in found] == [
        ("ALM-7", "start"), ("ALM-8", "end"),
    ]  # fmt: skip


def test_times() -> None:
    event = obx("196616^MDC_EVT_ALARM^MDC", "1", f14="20261120095900+0000", f18="M")
    assert data(obr(), event)["occurred_at"] == "2026-11-20T09:59:00+00:00"
    without = obx("196616^MDC_EVT_ALARM^MDC", "1", f18="M")
    assert data(obr(f7=""), without)["occurred_at"] == "2026-11-20T10:15:00+01:00"
    with pytest.raises(MessageError, match="contract_invalid"):
        data(obr(f7="yesterday"), without)


def test_refusals() -> None:
    with pytest.raises(MessageError, match="contract_invalid"):
        events(*facets())
    message = hl7v2.parse(er7(PID, obr(), *facets(), header=R40))
    with pytest.raises(MessageError, match="type_not_accepted"):
        hl7v2.events(message, {"charge.captured.v1"}, {})
