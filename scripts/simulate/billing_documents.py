"""Charges and appointments as systems send them, written from the standards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from .codes import Code
from .documents import HL7_SYSTEMS, Json, patient, rfc3339, ts

CHARGED = "charge.captured.v1"
APPOINTED = "appointment.changed.v1"
TRIGGERS = {"booked": "S12", "moved": "S14", "cancelled": "S15", "noshow": "S26"}


@dataclass(frozen=True)
class Charge:
    """What was done in a visit, or what is taken back of it."""

    number: str
    encounter: str
    facility: str
    service: Code
    quantity: int
    at: datetime
    person: int
    price: Decimal | None = None  # of one unit; the product's where the sender tells none
    currency: str = "EUR"
    payer: Code | None = None
    reverses: str | None = None

    @property
    def amount(self) -> Decimal | None:
        """What the sender says that it comes to."""
        return None if self.price is None else self.price * self.quantity

    def credit(self, number: str) -> Charge:
        """All of it taken back, by a credit with a number of its own."""
        return replace(self, number=number, reverses=self.number)


@dataclass(frozen=True)
class Visit:
    """An appointment."""

    number: str
    facility: str
    service: Code
    start: datetime
    person: int
    minutes: int = 30


def mrn(person: int) -> str:
    """The number of somebody who does not exist."""
    return str(patient(person)["mrn"])


def code(known: Code) -> Json:
    """The pair on the wire."""
    return {"system": known.system, "value": known.value}


def envelope(
    identifier: str, source: str, kind: str, at: datetime, subject: str, data: Json
) -> Json:
    """An event in CloudEvents."""
    event = {"specversion": "1.0", "id": identifier, "source": source, "type": kind}
    return {**event, "time": rfc3339(at), "subject": subject, "data": data}


def charge_event(identifier: str, source: str, charge: Charge) -> Json:
    """A charge in CloudEvents."""
    data: Json = {
        "charge": charge.number,
        "encounter": charge.encounter,
        "facility": charge.facility,
        "service": code(charge.service),
        "quantity": str(charge.quantity),
        "occurred_at": rfc3339(charge.at),
        "action": "credit" if charge.reverses else "charge",
        "patient": patient(charge.person),
    }
    if charge.reverses:
        data["reverses"] = charge.reverses
    if charge.amount is not None:
        data["amount"] = {"amount": str(charge.amount), "currency": charge.currency}
    if charge.payer:
        data["coverage"] = {"payer": code(charge.payer), "policy": f"POL-{charge.encounter}"}
    return envelope(identifier, source, CHARGED, charge.at, charge.facility, data)


def header(kind: str, control: str, msh: list[str], moment: str) -> str:
    """MSH of a message to Odoo."""
    ends = f"{msh[0]}|{msh[1]}|ODOO|HOSPITAL"
    return f"MSH|^~\\&|{ends}|{moment}||{kind}|{control}|P|2.5.1||||||UNICODE UTF-8"


def er7(*segments: str) -> bytes:
    """A message as bytes."""
    return ("\r".join(segments) + "\r").encode()


def coded(known: Code) -> str:
    """A coded element."""
    return f"{known.value}^^{HL7_SYSTEMS.get(known.system, known.system)}"


def dft(control: str, charges: list[Charge], msh: list[str], trigger: str = "P03") -> bytes:
    """DFT: all charges of one visit, an FT1 each."""
    first = charges[0]
    moment = ts(first.at)
    segments = [
        header(f"DFT^{trigger}^DFT_{trigger}", control, msh, moment),
        f"EVN|{trigger}|{moment}",
        f"PID|1||{mrn(first.person)}^^^SIMULATION^MR||TESTER^SIMULATED",
        f"PV1|1|O|OPD^^^{first.facility}{'|' * 16}{first.encounter}",
    ]
    segments += [ft1(number, charge) for number, charge in enumerate(charges, 1)]
    return er7(*segments)


def ft1(number: int, charge: Charge) -> str:
    """FT1: CG, or CR under the number of the charge that it takes back."""
    own = charge.reverses or charge.number
    kind = "CR" if charge.reverses else "CG"
    amount = "" if charge.amount is None else f"{charge.amount}&{charge.currency}"
    price = "" if charge.price is None else f"{charge.price}&{charge.currency}"
    start = f"FT1|{number}|{own}||{ts(charge.at)}||{kind}|{coded(charge.service)}"
    return f"{start}|||{charge.quantity}|{amount}|{price}"


def charge_item(charge: Charge, status: str = "billable") -> Json:
    """ChargeItem: billable, or taken back by its status."""
    coding = {"code": charge.service.value}
    if charge.service.system != "local":
        coding["system"] = charge.service.system
    resource: Json = {
        "resourceType": "ChargeItem",
        "identifier": [{"value": charge.number}],
        "status": status,
        "code": {"coding": [coding]},
        "subject": {"identifier": {"system": "SIMULATION", "value": mrn(charge.person)}},
        "context": {"identifier": {"value": charge.encounter}},
        "occurrenceDateTime": rfc3339(charge.at),
        "quantity": {"value": charge.quantity},
    }
    if charge.amount is not None:
        value = {"value": float(charge.amount), "currency": charge.currency}
        resource["priceOverride"] = value
    return resource


def siu(control: str, visit: Visit, msh: list[str], trigger: str, at: datetime) -> bytes:
    """SIU: what became of an appointment; its time is in AIS."""
    moment = ts(at)
    status = {"S12": "Booked", "S14": "Booked", "S15": "Cancelled", "S26": "Noshow"}[trigger]
    start = ts(visit.start)
    end = ts(visit.start + timedelta(minutes=visit.minutes))
    return er7(
        header(f"SIU^{trigger}^SIU_S12", control, msh, moment),
        f"SCH||{visit.number}{'|' * 23}{status}",
        f"TQ1|1||||||{start}|{end}",
        f"PID|1||{mrn(visit.person)}^^^SIMULATION^MR||TESTER^SIMULATED",
        f"PV1|1|O|OPD^^^{visit.facility}",
        "RGS|1",
        f"AIS|1||{coded(visit.service)}|{start}|||{visit.minutes}|min",
    )
