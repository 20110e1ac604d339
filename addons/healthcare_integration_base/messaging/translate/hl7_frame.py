# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the events of one HL7 v2 message have in common, whatever they are about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal

from ..errors import FieldError, MessageError
from ..event import Event, JsonObject
from . import codes, hl7_personal, hl7_time
from .common import contract_invalid, filled, personal
from .hl7_message import Hl7, Segment
from .hl7_path import Part, Rows

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Frame:
    """Header, place and patient of a message; ``count`` events are made of it."""

    message: Hl7
    source: str
    time: datetime | None
    offset: tzinfo | None
    place: Segment | None
    patient: JsonObject
    count: int
    rows: Rows

    def identifier(self, ordinal: int) -> str:
        """MSH-10, with the event's ordinal where the message holds several."""
        control = self.message.control_id
        return control if self.count == 1 else f"{control}/{ordinal}"

    def key(self, ordinal: int) -> tuple[str, ...]:
        """MSH-3, MSH-4, MSH-9, MSH-7, MSH-10 and the event's ordinal."""
        message = self.message
        return (
            message.sending_application,
            message.sending_facility,
            f"{message.code}^{message.trigger}",
            message.timestamp,
            message.control_id,
            str(ordinal),
        )

    def part(self, row: Segment) -> Part:
        """What of the message belongs to an event that is made of this row; the ``origin``
        of the event."""
        return Part(self.rows, row)

    def located(self, row: Segment, field: int) -> tuple[str, str]:
        """Point of care and facility (PL) of a field of the row, else of PV1-3, with MSH-4
        where no facility is named; never room or bed."""
        segment = row
        if not row.value(field) and self.place is not None:
            segment, field = self.place, 3
        facility = segment.value(field, 4) or self.message.sending_facility
        return segment.value(field, 1), facility

    def moment(self, text: str, pointer: str) -> str | None:
        """A time of the message in ISO 8601, with MSH-7's offset where it has none itself.

        :param pointer: the contract's field, for the refusal of what is no time
        """
        if not text:
            return None
        found = hl7_time.to_iso(text, self.offset)
        if found is None:
            raise contract_invalid(pointer, "format")
        return found


def frame(message: Hl7, options: Mapping[str, str], count: int) -> Frame:
    """The frame of ``count`` events.

    :raise MessageError: ``envelope_invalid`` without MSH-10
    """
    if not message.control_id:
        raise MessageError("envelope_invalid", errors=[FieldError("/id", "required")])
    offset = hl7_time.offset_of(message.timestamp)
    return Frame(
        message=message,
        source=f"urn:hl7v2:{message.sending_application}:{message.sending_facility}",
        time=_event_time(message, offset, options.get("timezone")),
        offset=offset,
        place=message.one("PV1"),
        patient=_patient(message.one("PID")),
        count=count,
        rows=Rows(message),
    )


def _event_time(message: Hl7, offset: tzinfo | None, zone: str | None) -> datetime | None:
    """When it happened, else when it was recorded, else when it was sent."""
    event = message.one("EVN")
    candidates = [event.value(6), event.value(2)] if event else []
    for text in (*candidates, message.timestamp):
        moment = hl7_time.to_datetime(text, offset, zone)
        if moment:
            return moment
    return None


def _patient(segment: Segment | None) -> JsonObject:
    """The medical record number, else the first identifier, with who assigned it."""
    if segment is None:
        return {}
    numbers = range(1, segment.repetitions(3) + 1)
    chosen = next((n for n in numbers if segment.value(3, 5, repetition=n) == "MR"), 1)
    return filled(
        mrn=segment.value(3, 1, repetition=chosen),
        authority=segment.value(3, 4, repetition=chosen),
    )


def scrubbed(message: Hl7, made: list[Event], own: Mapping[str, list[str]]) -> list[Event]:
    """The events with the personal values of their message, which intake looks for.

    :param own: what the translator made out of a value of the sender, beside source and id
    """
    made_of = {
        message.sending_application: [event.source for event in made],
        message.sending_facility: [event.source for event in made],
        message.control_id: [event.id for event in made],
    }
    for value, texts in own.items():
        made_of[value] = [*made_of.get(value, []), *texts]
    names = personal(*hl7_personal.collect(message), [event.data for event in made], made_of)
    return [replace(event, personal=names) for event in made]


def numbers(rows: list[Segment]) -> list[str]:
    """Set ids (field 1), or the position where they do not tell the rows apart."""
    given = [row.value(1) for row in rows]
    if all(given) and len(set(given)) == len(given):
        return given
    return [str(position) for position in range(1, len(rows) + 1)]


def decimal(text: str, pointer: str) -> Decimal | None:
    """A number (NM); None when empty.

    :param pointer: the contract's field, for the refusal of what is no number
    """
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise contract_invalid(pointer, "type")
    return Decimal(text)


def coded(row: Segment, field: int, repetition: int = 1) -> JsonObject | None:
    """A coded element (CWE) as a code of the contract; None when empty."""
    value = row.value(field, 1, repetition=repetition)
    if not value:
        return None
    return codes.code(codes.from_hl7(row.value(field, 3, repetition=repetition)), value)
