"""What devices tell in a day, and what has to come of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from . import biomed_documents as wire
from . import codes
from .biomed_documents import BATTERY, OCCLUSION, SENSOR, TACHYCARDIA, Alarm
from .codes import Code, Route
from .letters import Letter, Namer
from .rpc import Odoo

SINGLES = 14
STORM = 40
HL7 = 8
DEVICES = 4
DUPLICATES = 3
UNKNOWN = "SIM-NO-DEVICE"
Cause = tuple[str, str]  # device and code


@dataclass(frozen=True)
class Ward:
    """The ways in, and what each of them calls its devices."""

    native: Route
    hl7: Route
    fhir: Route
    devices: list[Code]
    by_hl7: list[Code]
    msh: list[str]


@dataclass
class Alarmed:
    """What has to come of the letters: work for these messages, none for those."""

    letters: list[Letter] = field(default_factory=list)
    work: dict[str, Cause] = field(default_factory=dict)  # by the sender's id
    counted: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)  # serial numbers


def ward(odoo: Odoo, native: Route, hl7: Route, fhir: Route) -> Ward:
    """What there is to send about."""
    return Ward(
        native,
        hl7,
        fhir,
        codes.read(odoo, native.system_id, "equipment"),
        codes.read(odoo, hl7.system_id, "equipment"),
        codes.ends(odoo, hl7.channel_id),
    )


class Alarmer:
    """Makes the alarms and devices of one seed."""

    def __init__(self, name: Namer, seed: int, ward: Ward) -> None:
        self.rng = random.Random(seed)  # nosec B311  # the same day again, no secret
        self.name = name
        self.ward = ward
        self.plan_ = Alarmed()
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)

    def plan(self) -> Alarmed:
        """Devices, alarms of several, a storm of one, and what is odd."""
        letters = [self._device() for _ in range(DEVICES)]
        letters += [self._single() for _ in range(SINGLES)]
        letters += [self._storm(), *(self._r40() for _ in range(HL7)), self._about_somebody()]
        self.rng.shuffle(letters)
        copies = [one for one in letters if one.way == "signed"][:DUPLICATES]
        letters += [replace(one, kind="duplicate", statuses=(200,)) for one in copies]
        self.plan_.letters = [*letters, self._unknown()]
        return self.plan_

    def _alarm(self, devices: list[Code], **more: Any) -> Alarm:
        at = self.now - timedelta(minutes=self.rng.randrange(300))
        cause = self.rng.choice((BATTERY, OCCLUSION, SENSOR))
        return replace(Alarm(self.name("AL"), self.rng.choice(devices), cause, at), **more)

    def _body(self, alarm: Alarm) -> dict[str, Any]:
        body = wire.alarm_event(self.name(), self.ward.native.source, alarm)
        self.plan_.work[body["id"]] = (alarm.device.value, alarm.cause)
        return body

    def _single(self) -> Letter:
        # Of low ones the rules make work on critical devices only.
        priority = self.rng.choice(("high", "medium"))
        body = self._body(self._alarm(self.ward.devices, priority=priority))
        return Letter("alarm", "signed", self.ward.native, (body,), (202,))

    def _storm(self) -> Letter:
        """One device that does not stop: all of it is one piece of work."""
        first = self._alarm(self.ward.devices, cause=OCCLUSION)
        alarms = (
            replace(first, number=self.name("AL"), at=first.at + timedelta(seconds=2 * n))
            for n in range(STORM)
        )
        bodies = tuple(self._body(alarm) for alarm in alarms)
        return Letter("alarm storm", "batch", self.ward.native, bodies, (202,) * STORM)

    def _r40(self) -> Letter:
        alarm, control = self._alarm(self.ward.by_hl7), self.name("r40")
        self.plan_.work[control] = (alarm.device.value, alarm.cause)
        raw = wire.r40(control, alarm, self.ward.msh)
        return Letter("HL7 ORU^R40", "hl7", self.ward.hl7, (raw,), (200,))

    def _about_somebody(self) -> Letter:
        """About a patient: counted, never work."""
        alarm = self._alarm(self.ward.devices, cause=TACHYCARDIA, kind="physiological")
        body = wire.alarm_event(self.name(), self.ward.native.source, alarm)
        self.plan_.counted.add(body["id"])
        return Letter("physiological alarm", "signed", self.ward.native, (body,), (202,))

    def _unknown(self) -> Letter:
        """A device that nobody has mapped."""
        alarm = self._alarm([Code("local", UNKNOWN)])
        body = wire.alarm_event(self.name(), self.ward.native.source, alarm)
        return Letter("unknown device", "signed", self.ward.native, (body,), (202,), "review", (0,))

    def _device(self) -> Letter:
        number, serial = self.name("DEV"), self.name("SN")
        self.plan_.devices.add(serial)
        body = wire.device(number, f"Simulated pump {number}", serial=serial)
        return Letter("FHIR Device", "fhir", self.ward.fhir, (body,), (202,))


def unattended(odoo: Odoo, alarmed: Alarmed) -> list[str]:
    """Alarms without the work that they should have led to, and devices that are missing."""
    names = [*alarmed.work, *alarmed.counted]
    domain = [("message_identifier", "in", names)]
    messages = odoo.read("hc.message", domain, ["message_identifier"])
    named = {row["id"]: row["message_identifier"] for row in messages}
    effects = odoo.read(
        "hc.effect",
        [("message_id", "in", list(named)), ("res_model", "=", "maintenance.request")],
        ["message_id", "res_id"],
    )
    requests: dict[Cause, set[int]] = {cause: set() for cause in alarmed.work.values()}
    problems = []
    for row in effects:
        name = named[row["message_id"][0]]
        if name in alarmed.counted:
            problems.append("an alarm about a patient became work")
        else:
            requests[alarmed.work[name]].add(row["res_id"])
    if any(len(found) != 1 for found in requests.values()):
        problems.append("alarms of one device and cause are not one request")
    have = odoo.count("maintenance.equipment", [("serial_no", "in", sorted(alarmed.devices))])
    if have != len(alarmed.devices):
        problems.append(f"{have} new devices instead of {len(alarmed.devices)}")
    return problems
