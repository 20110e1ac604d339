"""A body for each channel that it accepts, for scripts that send more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import billing_documents as billing
from . import biomed_documents as biomed
from . import codes, documents
from .billing_documents import Charge, Visit
from .biomed_documents import Alarm
from .codes import Code
from .documents import Use
from .rpc import Odoo
from .world import World

NUMBER = "example-1"


@dataclass(frozen=True)
class Known:
    """What a system's codes stand for, beside wards and items."""

    facility: str
    services: list[Code]
    devices: list[Code]

    @classmethod
    def of(cls, odoo: Odoo, system: dict[str, Any]) -> Known:
        """As Odoo has them."""
        facilities = codes.facilities(odoo, system["id"])
        services = codes.read(odoo, system["id"], "service")
        devices = codes.read(odoo, system["id"], "equipment")
        return cls(facilities[0] if facilities else "", services, devices)


def example(
    channel: dict[str, Any], system: dict[str, Any], world: World, known: Known
) -> dict[str, Any] | str | None:
    """A body that the channel accepts; native ones need an id of their own each time."""
    source, format_ = system["sources"][0], channel["format"]
    for kind, make in MAKERS.items():
        if kind in channel["types"]:
            found = make(format_, source, world, known)
            return found.decode() if isinstance(found, bytes) else found
    return None


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _use(format_: str, source: str, world: World, _known: Known) -> Any:
    if not world.plain or not world.wards:
        return None
    use = Use(world.wards[0], world.plain[0], 1, _now())
    if format_ == "cloudevents":
        return documents.event(NUMBER, source, [use])
    if format_ == "fhir":
        return documents.delivery(NUMBER, use, 1)
    return documents.dft(NUMBER, use, "EHR", "HOSPITAL", 1)


def _charge(format_: str, source: str, _world: World, known: Known) -> Any:
    if not known.services:
        return None
    charge = Charge(NUMBER, NUMBER, known.facility, known.services[0], 1, _now(), 1)
    if format_ == "cloudevents":
        return billing.charge_event(NUMBER, source, charge)
    if format_ == "fhir":
        return billing.charge_item(charge)
    return billing.dft(NUMBER, [charge], ["EHR", "HOSPITAL"])


def _appointment(format_: str, source: str, _world: World, known: Known) -> Any:
    if not known.services or format_ != "hl7v2":
        return None
    visit = Visit(NUMBER, known.facility, known.services[0], _now(), 1)
    return billing.siu(NUMBER, visit, ["EHR", "HOSPITAL"], "S12", _now())


def _alarm(format_: str, source: str, _world: World, known: Known) -> Any:
    if not known.devices:
        return None
    alarm = Alarm(NUMBER, known.devices[0], biomed.BATTERY, _now())
    if format_ == "cloudevents":
        return biomed.alarm_event(NUMBER, source, alarm)
    return biomed.r40(NUMBER, alarm, ["EHR", "HOSPITAL"])


def _device(format_: str, _source: str, _world: World, _known: Known) -> Any:
    return biomed.device(NUMBER, "Pump", serial=NUMBER) if format_ == "fhir" else None


Maker = Callable[[str, str, World, Known], Any]
MAKERS: dict[str, Maker] = {
    documents.CONSUMED: _use,
    billing.CHARGED: _charge,
    billing.APPOINTED: _appointment,
    biomed.ALARMED: _alarm,
    biomed.UPSERTED: _device,
}
