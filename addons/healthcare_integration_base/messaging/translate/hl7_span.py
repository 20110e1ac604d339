# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""When an appointment is: TQ1, else AIS, else the timing of SCH that the standard gave up.

An end that is not told is the start and the duration that stands with it, else SCH-9. A
duration without a unit that is known here gives no end: minutes are never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ..event import JsonObject
from .common import contract_invalid, filled
from .hl7_frame import Frame, decimal
from .hl7_message import Segment

_Span = tuple[str | None, str | None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = len("2026-01-01")
# Seconds; units of UCUM, ISO+ and what schedulers write for them.
_UNITS = {
    **dict.fromkeys(("S", "SEC", "SECS", "SECOND", "SECONDS"), 1),
    **dict.fromkeys(("M", "MIN", "MINS", "MINUTE", "MINUTES"), 60),
    **dict.fromkeys(("H", "HR", "HRS", "HOUR", "HOURS"), 3600),
    **dict.fromkeys(("D", "DAY", "DAYS"), 86400),
}


def span(shared: Frame, schedule: Segment, services: list[Segment]) -> JsonObject:
    """``start`` and ``end``, as far as they are told.

    :param schedule: SCH
    :param services: the AIS that are part of the appointment
    """
    start, end = next(_told(shared, schedule, services), (None, None))
    return filled(start=start, end=end or _until(start, schedule, 9, 10))


def _told(shared: Frame, schedule: Segment, services: list[Segment]) -> Iterator[_Span]:
    """What each place says, the best one first."""
    for timing in shared.message.all("TQ1"):
        start = shared.moment(timing.value(7), "/start")
        end = shared.moment(timing.value(8), "/end")
        if start or end:
            yield start, end or _later(start, timing.value(6), timing.value(6, 2))
    spans = [found for row in services if (found := _service(shared, row))[0]]
    if spans:
        yield _first(spans), _last(spans)
    start = shared.moment(schedule.value(11, 4), "/start")
    if start:
        yield start, shared.moment(schedule.value(11, 5), "/end")


def _service(shared: Frame, row: Segment) -> _Span:
    start = shared.moment(row.value(4), "/start")
    return start, _until(start, row, 7, 8)


def _first(spans: list[_Span]) -> str:
    return min((start for start, _end in spans if start), key=_order)


def _last(spans: list[_Span]) -> str | None:
    """The latest end; None where one of the services has none."""
    ends = [end for _start, end in spans if end]
    return max(ends, key=_order) if len(ends) == len(spans) else None


def _order(moment: str) -> timedelta:
    found = datetime.fromisoformat(moment)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH


def _until(start: str | None, row: Segment, amount: int, unit: int) -> str | None:
    """The end by a duration and its unit in two fields of a segment."""
    return _later(start, row.value(amount), row.value(unit))


def _later(start: str | None, amount: str, unit: str) -> str | None:
    """A start and a duration; None where there is no time of day, or no duration."""
    seconds = _UNITS.get(unit.upper())
    if not start or len(start) <= _DAY or not seconds:
        return None
    count = decimal(amount, "/end")
    if count is None or count <= 0:
        return None
    try:
        duration = timedelta(seconds=float(count * seconds))
        return (datetime.fromisoformat(start) + duration).isoformat()
    except OverflowError:
        raise contract_invalid("/end", "format") from None
