# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""SIU^S12 to S26: what became of an appointment.

The trigger says what happened to it. SCH-25 is heard only where it tells that the patient
has come or that all is done: senders leave an old status there when they move or cancel.
Times of the messages (MSH-7) order the changes. Persons are not kept (AIP, SCH-12 to 22).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..errors import MessageError
from ..event import Event, JsonObject, JsonValue
from . import codes
from .common import checked, contract_invalid, distinct, filled
from .hl7_frame import Frame, coded, frame, scrubbed
from .hl7_message import Hl7, Segment
from .hl7_span import span

CHANGED = "appointment.changed.v1"
TYPES = frozenset({CHANGED})

# S23 and S24 open and block slots of a schedule, S25 answers a query: nothing is booked.
_STATUS = {
    "S12": "booked",  # new
    "S13": "booked",  # moved
    "S14": "booked",  # modified
    "S15": "cancelled",
    "S16": "cancelled",  # discontinued: the rest of it does not take place
    "S17": "entered_in_error",  # deleted
    "S18": "booked",  # a service or a resource was added,
    "S19": "booked",  # modified,
    "S20": "booked",  # cancelled,
    "S21": "booked",  # discontinued,
    "S22": "booked",  # deleted
    "S26": "noshow",
}
TRIGGERS = frozenset(_STATUS)
# Table 0278 has no arrival; senders that tell it add a code of their own.
_PROGRESS = {
    **dict.fromkeys(("ARRIVED", "CHECKEDIN", "STARTED", "INPROGRESS"), "arrived"),
    **dict.fromkeys(("COMPLETE", "COMPLETED", "FULFILLED"), "fulfilled"),
}
# What a service or resource says that is no longer part of an appointment that goes on.
_PARTLY = frozenset({"S20", "S21", "S22"})
_GONE = frozenset({"CANCELLED", "CANCELED", "DC", "DISCONTINUED", "DELETED"})
# Filler status code of each segment.
_STATUS_FIELDS = {"AIS": 10, "AIG": 14, "AIL": 12}


def events(message: Hl7, _accepts: Collection[str], options: Mapping[str, str]) -> list[Event]:
    """The appointment as one event.

    :raise MessageError: ``not_supported`` for several patients in one appointment
    """
    schedule = message.one("SCH")
    number = _number(schedule)
    if schedule is None or not number:
        raise contract_invalid("/appointment", "required")
    if len(list(message.all("PID"))) > 1:
        raise MessageError("not_supported")
    shared = frame(message, options, 1)
    event = Event(
        type=CHANGED,
        data=_data(shared, schedule, number),
        id=shared.identifier(1),
        source=shared.source,
        key=shared.key(1),
        time=shared.time,
        reuse="keep",
        relaxed=True,
    )
    return scrubbed(message, [checked(event)], {})


def _number(schedule: Segment | None) -> str:
    """The filler's number, else the placer's."""
    return (schedule.value(2) or schedule.value(1)) if schedule else ""


def _data(shared: Frame, schedule: Segment, number: str) -> JsonObject:
    services = _present(shared.message, "AIS")
    return filled(
        appointment=number,
        facility=_facility(shared),
        status=_status(shared.message.trigger, schedule),
        services=_codes([coded(row, 3) for row in services]),
        resources=_codes(_resources(shared.message)),
        patient=shared.patient,
    ) | span(shared, schedule, services)


def _status(trigger: str, schedule: Segment) -> str:
    status = _STATUS[trigger]
    if status != "booked":
        return status
    return _PROGRESS.get(_word(schedule, 25), status)


def _word(row: Segment, field: int) -> str:
    """A status (CWE) as letters alone: ``Checked-In`` is ``CHECKEDIN``."""
    text = row.value(field) or row.value(field, 2)
    return "".join(filter(str.isalpha, text.upper()))


def _present(message: Hl7, name: str) -> list[Segment]:
    """The segments of that name that are part of the appointment."""
    return [row for row in message.all(name) if not _is_gone(message.trigger, row)]


def _is_gone(trigger: str, row: Segment) -> bool:
    """Deleted by its action code (table 0206), or cancelled by itself."""
    if row.value(2).upper() == "D":
        return True
    return trigger in _PARTLY and _word(row, _STATUS_FIELDS[row.name]) in _GONE


def _resources(message: Hl7) -> list[JsonObject | None]:
    """Equipment (AIG-3), and points of care (AIL-3): no room, no bed."""
    places = (
        codes.code(codes.LOCAL, point)
        for row in _present(message, "AIL")
        for repetition in range(1, row.repetitions(3) + 1)
        if (point := row.value(3, repetition=repetition))
    )
    return [*(coded(row, 3) for row in _present(message, "AIG")), *places]


def _codes(found: Iterable[JsonObject | None]) -> list[JsonValue] | None:
    """Each code once, in order; None without any."""
    return [*distinct(found)] or None


def _facility(shared: Frame) -> str:
    """The facility (PL.4) of the first location that has one, else of PV1-3, else MSH-4."""
    places = (row.value(3, 4) for row in _present(shared.message, "AIL"))
    named = next(filter(None, places), "")
    return (
        named
        or (shared.place.value(3, 4) if shared.place else "")
        or (shared.message.sending_facility)
    )
