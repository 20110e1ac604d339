"""Alarms and devices as systems send them, written from the standards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .billing_documents import code, envelope, er7, header
from .codes import Code
from .documents import Json, rfc3339, ts

ALARMED = "device.alarmed.v1"
UPSERTED = "equipment.upserted.v1"
LOCATION = "ICU-1"
HL7_PRIORITIES = {"high": "PH", "medium": "PM", "low": "PL"}
HL7_KINDS = {"technical": "ST", "physiological": "SP"}
# Names and numbers of ISO/IEEE 11073-10101.
BATTERY, OCCLUSION, SENSOR = "MDC_EVT_BATT_LO", "MDC_EVT_FLUID_LINE_OCCL", "MDC_EVT_SENSOR_DISCONN"
TACHYCARDIA = "MDC_EVT_ECG_TACHY"
MDC = {BATTERY: "196802", OCCLUSION: "196940", SENSOR: "196916", TACHYCARDIA: "196986"}


@dataclass(frozen=True)
class Alarm:
    """One phase of an alarm of a device."""

    number: str
    device: Code
    cause: str
    at: datetime
    phase: str = "start"
    priority: str = "medium"
    kind: str = "technical"


def alarm_event(identifier: str, source: str, alarm: Alarm) -> Json:
    """An alarm in CloudEvents; its text is free, and names somebody as monitors do."""
    data = {
        "alarm": alarm.number,
        "equipment": code(alarm.device),
        "phase": alarm.phase,
        "priority": alarm.priority,
        "kind": alarm.kind,
        "code": alarm.cause,
        "text": "Look at the device of TESTER SIMULATED",
        "occurred_at": rfc3339(alarm.at),
        "location": LOCATION,
    }
    return envelope(identifier, source, ALARMED, alarm.at, LOCATION, data)


def r40(control: str, alarm: Alarm, msh: list[str]) -> bytes:
    """ORU^R40 (IHE PCD-04): an alarm, its phase, priority and type as facets."""
    moment = ts(alarm.at)
    device = f"{alarm.device.value}^LOCAL"
    number = MDC.get(alarm.cause, "0")
    rows = (
        ("CWE", "196616^MDC_EVT_ALARM^MDC", f"{number}^{alarm.cause}^MDC"),
        ("ST", "68481^MDC_ATTR_EVENT_PHASE^MDC", alarm.phase),
        ("ST", "68482^MDC_ATTR_ALARM_STATE^MDC", "inactive" if alarm.phase == "end" else "active"),
        ("ST", "68484^MDC_ATTR_ALARM_PRIORITY^MDC", HL7_PRIORITIES[alarm.priority]),
        ("ST", "68485^MDC_ATTR_ALERT_TYPE^MDC", HL7_KINDS[alarm.kind]),
    )
    facets = [
        f"OBX|{order}|{kind}|{name}|1.0.0.0.{order}|{value}||||||F|||{moment}||||{device}"
        for order, (kind, name, value) in enumerate(rows, 1)
    ]
    return er7(
        header("ORU^R40^ORU_R40", control, msh, moment),
        "PID|1||SIM-000001^^^SIMULATION^MR||TESTER^SIMULATED",
        f"PV1|1|I|{LOCATION}",
        f"OBR|1||{control}|196616^MDC_EVT_ALARM^MDC|||{moment}{'|' * 22}^{alarm.number}",
        *facets,
    )


def device(number: str, name: str, *, serial: str, status: str = "active") -> Json:
    """Device: a piece of the hospital's equipment."""
    return {
        "resourceType": "Device",
        "identifier": [{"value": number}],
        "status": status,
        "serialNumber": serial,
        "modelNumber": "SIM-PUMP",
        "manufacturer": "Simulated Devices",
        "deviceName": [{"name": name, "type": "user-friendly-name"}],
        "udiCarrier": [{"deviceIdentifier": "00380740009991"}],
    }
