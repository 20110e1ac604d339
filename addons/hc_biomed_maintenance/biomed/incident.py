# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Alarms and incidents: one incident for each device and cause, whatever the order.

An alarm is told in phases. They come in any order, several times, or not at all, so every
rule here gives the same result for every order of the same facts:

* an alarm lasts from the earliest to the latest time of its phases;
* it is over when its latest end is not before its latest start or update;
* it has occurred as often as there are different starts, at least once;
* it belongs to the incident of its device and cause that was open when it was first seen.

See ADR 0011.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

START, UPDATE, END = "start", "update", "end"
RANKS = {"advisory": 0, "low": 1, "medium": 2, "high": 3}


@dataclass(slots=True, eq=False)
class Incident:
    """What becomes one request: everything of one device and cause until it is closed.

    :param id: of the request; None for one that is still to be made
    :param closed_at: when somebody closed the request, in UTC; None while it is open
    """

    device: int
    cause: str
    id: int | None = None
    closed_at: datetime | None = None
    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    is_touched: bool = False

    def stretch(self, at: datetime) -> None:
        """Have it last at least from or until then."""
        self.first_at = min(self.first_at or at, at)
        self.last_at = max(self.last_at or at, at)
        self.is_touched = True


@dataclass(slots=True, eq=False)
class Alarm:
    """One alarm of a device, from its first phase to its last.

    :param id: of the record; None for one that is still to be made
    """

    device: int
    cause: str
    number: str
    id: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    active_at: datetime | None = None
    ended_at: datetime | None = None
    starts: int = 0
    messages: int = 0
    priority: str = "advisory"
    incident: Incident | None = None
    details: dict[str, str] = field(default_factory=dict)
    is_touched: bool = False

    @property
    def occurrences(self) -> int:
        return max(self.starts, 1) if self.messages else 0

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None and (
            self.active_at is None or self.ended_at >= self.active_at
        )

    def take(self, phase: str, at: datetime, priority: str) -> None:
        """Add one phase; the caller has sorted out phases that were told before."""
        before = self.occurrences
        self.first_at = min(self.first_at or at, at)
        self.last_at = max(self.last_at or at, at)
        if phase == END:
            self.ended_at = max(self.ended_at or at, at)
        else:
            self.active_at = max(self.active_at or at, at)
        self.starts += phase == START
        self.messages += 1
        self.priority = max(self.priority, priority, key=RANKS.__getitem__)
        self.is_touched = True
        if self.incident is not None:
            self.incident.stretch(at)
            self.incident.count += self.occurrences - before

    def join(self, incident: Incident) -> None:
        """Make it a part of the incident, with all that was told of it so far."""
        self.incident = incident
        incident.count += self.occurrences
        for at in (self.first_at, self.last_at):
            if at is not None:
                incident.stretch(at)


class Book:
    """The alarms and incidents of a batch: those that are known, and those it makes."""

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []
        self.incidents: list[Incident] = []
        self._alarms: dict[tuple[int, str, str], Alarm] = {}
        self._incidents: dict[tuple[int, str], list[Incident]] = {}

    def know_incident(self, incident: Incident) -> None:
        """Enter an incident; of the same device and cause at most one is open."""
        self.incidents.append(incident)
        self._incidents.setdefault((incident.device, incident.cause), []).append(incident)

    def know_alarm(self, alarm: Alarm) -> None:
        """Enter an alarm; of those with the same number the last one entered goes on."""
        self.alarms.append(alarm)
        self._alarms[alarm.device, alarm.cause, alarm.number] = alarm

    def find(self, device: int, cause: str, number: str, phase: str, at: datetime) -> Alarm | None:
        """The known alarm that a phase belongs to.

        Devices count from one again when they are switched on: a start after the incident
        was closed is another alarm of the same number.
        """
        known = self._alarms.get((device, cause, number))
        if known is not None and phase == START and self._is_past(known, at):
            return None
        return known

    def alarm(self, device: int, cause: str, number: str, phase: str, at: datetime) -> Alarm:
        """As :meth:`find`; a new one where there is none."""
        known = self.find(device, cause, number, phase, at)
        if known is not None:
            return known
        made = Alarm(device, cause, number)
        self.know_alarm(made)
        return made

    @staticmethod
    def _is_past(alarm: Alarm, at: datetime) -> bool:
        closed_at = alarm.incident.closed_at if alarm.incident else None
        return closed_at is not None and at > closed_at

    def incident(self, device: int, cause: str, at: datetime) -> Incident:
        """The incident that an alarm first seen ``at`` belongs to; a new one where all of
        them were closed before."""
        known = self._incidents.get((device, cause), [])
        closed = [one for one in known if one.closed_at is not None and at <= one.closed_at]
        if closed:
            return min(closed, key=lambda one: one.closed_at or at)
        for one in known:
            if one.closed_at is None:
                return one
        made = Incident(device, cause)
        self.know_incident(made)
        return made
