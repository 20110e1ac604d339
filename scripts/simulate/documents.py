"""What systems send: events, HL7 v2 messages and FHIR resources, written from the standards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .world import Item, Ward

Json = dict[str, Any]
CONSUMED = "supply.consumed.v1"
RETURNED = "supply.returned.v1"
HL7_SYSTEMS = {"gtin": "GTIN", "local": "L", "manufacturer": "MANUFACTURER", "hibc": "HIBC"}


@dataclass(frozen=True)
class Use:
    """One line: what was used, or put back where ``back``."""

    ward: Ward
    item: Item
    quantity: int
    at: datetime
    lot: tuple[int, str] | None = None
    back: bool = False

    @property
    def place(self) -> tuple[int, int, int | None]:
        """Where Odoo counts it: location, product and lot."""
        return (self.ward.stock, self.item.product, self.lot[0] if self.lot else None)

    @property
    def change(self) -> Decimal:
        """What it adds to that place."""
        return Decimal(self.quantity if self.back else -self.quantity)


def rfc3339(moment: datetime) -> str:
    """A time with its offset."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def ts(moment: datetime) -> str:
    """A time as HL7 v2 writes it."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def line(number: int, use: Use) -> Json:
    """A line of a supply event."""
    data: Json = {"line": number, "item": use.item.code, "quantity": str(use.quantity)}
    return data | ({"lot": use.lot[1]} if use.lot else {})


def event(identifier: str, source: str, uses: Iterable[Use], **more: Any) -> Json:
    """A supply event in CloudEvents; all uses are of one ward and time."""
    lines = list(uses)
    first = lines[0]
    data = {
        "facility": first.ward.facility,
        "location": first.ward.code,
        "consumed_at": rfc3339(first.at),
        "transaction": f"TX-{identifier}",
        "lines": [line(number, use) for number, use in enumerate(lines, start=1)],
        **more,
    }
    return {
        "specversion": "1.0",
        "id": identifier,
        "source": source,
        "type": RETURNED if first.back else CONSUMED,
        "time": rfc3339(first.at),
        "subject": first.ward.code,
        "data": data,
    }


def patient(number: int) -> Json:
    """Somebody who does not exist."""
    return {"mrn": f"SIM-{number:06d}", "authority": "SIMULATION"}


def dft(identifier: str, use: Use, application: str, facility: str, number: int) -> bytes:
    """DFT^P03: supplies as a charge."""
    moment = ts(use.at)
    code = f"{use.item.value}^^{HL7_SYSTEMS.get(use.item.system, use.item.system)}"
    ends = f"{application}|{facility}|ODOO|HOSPITAL"
    segments = [
        f"MSH|^~\\&|{ends}|{moment}||DFT^P03^DFT_P03|{identifier}|P|2.5.1||||||UNICODE UTF-8",
        f"EVN|P03|{moment}",
        f"PID|1||SIM-{number:06d}^^^SIMULATION^MR||TESTER^SIMULATED",
        f"PV1|1|I|{use.ward.code}^^^{use.ward.facility}",
        f"FT1|1|{identifier}||{moment}||{'CR' if use.back else 'CG'}|{code}|||{use.quantity}",
    ]
    return ("\r".join(segments) + "\r").encode()


def delivery(identifier: str, use: Use, number: int) -> Json:
    """SupplyDelivery to a patient: use."""
    coding = {"system": use.item.system, "code": use.item.value}
    return {
        "resourceType": "SupplyDelivery",
        "identifier": [{"value": identifier}],
        "status": "completed",
        "patient": {"identifier": {"system": "SIMULATION", "value": f"SIM-{number:06d}"}},
        "suppliedItem": {
            "quantity": {"value": use.quantity},
            "itemCodeableConcept": {"coding": [coding]},
        },
        "occurrenceDateTime": rfc3339(use.at),
        "destination": {"identifier": {"value": use.ward.code}},
    }
