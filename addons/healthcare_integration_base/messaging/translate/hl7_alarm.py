# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""ORU^R40: alarms of devices as IHE PCD Alert Communication Management reports them.

Transaction PCD-04 (IHE PCD TF-2, 3.4): each OBR is one alarm. The OBX below it are its
facets, told apart by OBX-3: the event, its phase, state, priority and type. Where a facet
is missing, OBX-8 of the event is read, as older devices send it. OBR-3 numbers the
message; OBR-29 leads what goes on or ends back to where it began.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import MessageError
from ..event import Event, JsonObject
from . import codes
from .common import checked, contract_invalid, filled
from .hl7_frame import Frame, frame, scrubbed
from .hl7_message import Hl7, Segment

ALARMED = "device.alarmed.v1"
TYPES = frozenset({ALARMED})
TRIGGERS = frozenset({"R40"})

_ALARM = "196616"
_LIMITS = {"196670": "MDC_EVT_LO", "196648": "MDC_EVT_HI", "196652": "MDC_EVT_HI_VIOL"}
_PHASE, _STATE, _PRIORITY, _KIND, _DEVICE = "68481", "68482", "68484", "68485", "67972"
_NUMBERS = {
    "MDC_EVT_ALARM": _ALARM,
    "MDC_ATTR_EVENT_PHASE": _PHASE,
    "MDC_ATTR_ALARM_STATE": _STATE,
    "MDC_ATTR_ALARM_PRIORITY": _PRIORITY,
    "MDC_ATTR_ALERT_TYPE": _KIND,
    "MDC_ATTR_SYS_ID": _DEVICE,
}
_PHASES = {
    "start": "start", "tpoint": "start", "present": "start",
    "continue": "update", "update": "update", "escalate": "update", "deescalate": "update",
    "de-escalate": "update",
    "end": "end", "reset": "end",
}  # fmt: skip
_STATES = {"inactive": "end", "off": "end", "active": "start", "latched": "update"}
_PRIORITIES = {
    "PH": "high", "PM": "medium", "PL": "low", "PI": "advisory",
    "HIGH": "high", "MEDIUM": "medium", "LOW": "low",
}  # fmt: skip
# An advisory is about the device as far as it says anything (ISO/IEEE 11073-10201).
_KINDS = {"SP": "physiological", "ST": "technical", "SA": "technical"}
_ADVISORY = "SA"


@dataclass(slots=True)
class _Alarm:
    """One OBR with what stands below it."""

    order: Segment
    facets: dict[str, Segment] = field(default_factory=dict)
    observations: list[Segment] = field(default_factory=list)
    participants: list[Segment] = field(default_factory=list)

    def text(self, facet: str) -> str:
        row = self.facets.get(facet)
        return row.value(5).strip() if row else ""

    def flags(self) -> list[str]:
        """OBX-8 of the event: priority, type and abnormality in any order."""
        row = self.facets.get(_ALARM)
        if row is None:
            return []
        count = range(1, row.repetitions(8) + 1)
        return [row.value(8, repetition=number).upper() for number in count]


def events(message: Hl7, accepts: Collection[str], options: Mapping[str, str]) -> list[Event]:
    """Every OBR as an event, or a refusal: a message is kept whole or not at all."""
    alarms = list(_alarms(message))
    if not alarms:
        raise contract_invalid("/alarm", "required")
    if ALARMED not in accepts:
        raise MessageError("type_not_accepted")
    shared = frame(message, options, len(alarms))
    made = [_event(shared, alarm, ordinal) for ordinal, alarm in enumerate(alarms, 1)]
    return scrubbed(message, made, {})


def _alarms(message: Hl7) -> Iterator[_Alarm]:
    """The segments by the OBR that they stand below."""
    current: _Alarm | None = None
    for segment in message.segments:
        if segment.name == "OBR":
            if current is not None:
                yield current
            current = _Alarm(segment)
        elif current is not None:
            _take(current, segment)
    if current is not None:
        yield current


def _take(alarm: _Alarm, segment: Segment) -> None:
    if segment.name == "PRT":
        alarm.participants.append(segment)
    elif segment.name == "OBX":
        alarm.observations.append(segment)
        number = _number(segment)
        alarm.facets.setdefault(_ALARM if number in _LIMITS else number, segment)


def _number(row: Segment) -> str:
    """The MDC number of OBX-3; senders that write the name in its place are understood."""
    value = row.value(3)
    return _NUMBERS.get(value) or _NUMBERS.get(row.value(3, 2)) or value


def _event(shared: Frame, alarm: _Alarm, ordinal: int) -> Event:
    data = _data(shared, alarm)
    event = Event(
        type=ALARMED,
        data=data,
        id=shared.identifier(ordinal),
        source=shared.source,
        key=shared.key(ordinal),
        time=shared.time,
        reuse="keep",
        relaxed=True,
        origin=shared.part(alarm.order),
    )
    return checked(event)


def _data(shared: Frame, alarm: _Alarm) -> JsonObject:
    location, _facility = shared.located(alarm.order, 0)
    return filled(
        alarm=_identity(alarm.order) or shared.message.control_id,
        equipment=_equipment(alarm),
        phase=_phase(alarm),
        priority=_priority(alarm),
        kind=_kind(alarm),
        code=_code(alarm),
        occurred_at=_time(shared, alarm),
        location=location,
    )


def _identity(order: Segment) -> str:
    """Where it began (OBR-29, filler before placer), else its own number, else OBR-2."""
    return order.value(29, 2) or order.value(29, 1) or order.value(3) or order.value(2)


def _time(shared: Frame, alarm: _Alarm) -> str | None:
    event = alarm.facets.get(_ALARM)
    observed = event.value(14) if event else ""
    text = observed or alarm.order.value(7) or shared.message.timestamp
    return shared.moment(text, "/occurred_at")


def _phase(alarm: _Alarm) -> str:
    """The phase, else what the state says, else a start: nothing else is known of it."""
    said = _PHASES.get(alarm.text(_PHASE).lower())
    return said or _STATES.get(alarm.text(_STATE).lower()) or "start"


def _kind(alarm: _Alarm) -> str | None:
    for value in (alarm.text(_KIND).upper(), *alarm.flags()):
        if value in _KINDS:
            return _KINDS[value]
    return None


def _priority(alarm: _Alarm) -> str | None:
    flags = alarm.flags()
    if _ADVISORY in (alarm.text(_KIND).upper(), *flags):
        return "advisory"
    for value in (alarm.text(_PRIORITY).upper(), *flags):
        if value in _PRIORITIES:
            return _PRIORITIES[value]
    return None


def _code(alarm: _Alarm) -> str | None:
    """The name of what happened, else its number; of a limit, with what it is the limit of."""
    row = alarm.facets.get(_ALARM)
    if row is None:
        return None
    limit = _LIMITS.get(row.value(3))
    return "/".join(filter(None, (limit, _named(row)))) or None


def _named(row: Segment) -> str:
    name = row.value(5, 2)
    return name if name.startswith("MDC") else row.value(5)


def _equipment(alarm: _Alarm) -> JsonObject | None:
    """OBX-18, the event's own before that of the device it is contained in; else PRT-10;
    else the facet that holds the device's number."""
    own = alarm.facets.get(_ALARM)
    rows = [(row, 18) for row in ([own] if own else []) + alarm.observations]
    rows += [(row, 10) for row in alarm.participants]
    found = next(filter(None, (_entity(row, number) for row, number in rows)), None)
    if found is not None:
        return found
    number = alarm.text(_DEVICE)
    return codes.code(codes.LOCAL, number) if number else None


def _entity(row: Segment, number: int) -> JsonObject | None:
    """An entity identifier (EI): what the sender calls the device, else its universal id."""
    value = row.value(number, 1) or row.value(number, 3)
    if not value:
        return None
    is_object = row.value(number, 4).upper() == "ISO" and row.value(number, 1)
    return codes.code(codes.from_hl7(row.value(number, 3)) if is_object else codes.LOCAL, value)
