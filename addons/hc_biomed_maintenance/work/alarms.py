# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A batch of technical alarms: what is known is loaded at once, changed, and saved at once."""

from datetime import UTC

from ..biomed.incident import Alarm, Book, Incident
from ..biomed.triage import IGNORE, REQUEST

ALARM_FIELDS = ["first_at", "last_at", "active_at", "ended_at", "starts", "priority"]
# What happens here is no correspondence: no log entry and no follower for each alarm.
SILENT = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
}


def naive(moment):
    """As the ORM keeps times: UTC without a zone, to the second."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


class Work:
    """The alarms of some phases, and the requests they belong to.

    :param phases: list of ``Phase`` in the order of their arrival
    """

    def __init__(self, env, phases, planner):
        self.env = env
        self.planner = planner
        self.book = Book()
        self._openers = {}
        self._load(phases)

    def take(self, phase):
        """Add a phase; returns its alarm, or None where its rule wants nothing of it."""
        which = (phase.equipment.id, phase.code, phase.number, phase.phase, phase.at)
        if phase.rule.outcome == IGNORE and self.book.find(*which) is None:
            return None
        alarm = self.book.alarm(*which)
        alarm.take(phase.phase, phase.at, phase.priority)
        for name in ("location", "problem"):
            if getattr(phase, name):
                alarm.details[name] = getattr(phase, name)
        if alarm.incident is None and phase.rule.outcome == REQUEST:
            self._join(alarm, phase)
        return alarm

    def save(self):
        """Write everything that has changed."""
        self._save_requests()
        self._save_alarms()

    # ------------------------------------------------------------------ loading

    def _load(self, phases):
        devices = list({phase.equipment.id for phase in phases})
        requests = self.env["maintenance.request"].search_fetch(
            [
                ("equipment_id", "in", devices),
                ("hc_cause", "in", list({phase.code for phase in phases})),
                "|",
                ("hc_closed_at", "=", False),
                ("hc_closed_at", ">=", min(phase.at for phase in phases)),
            ],
            ["hc_cause", "equipment_id", "hc_closed_at", "hc_alarm_count", "hc_first_alarm_at"]
            + ["hc_last_alarm_at"],
        )
        self._by_request = {one.id: self._incident(one) for one in requests}
        for incident in self._by_request.values():
            self.book.know_incident(incident)
        alarms = self.env["hc.device.alarm"].search_fetch(
            [
                ("equipment_id", "in", devices),
                ("number", "in", list({phase.number for phase in phases})),
            ],
            ["equipment_id", "code", "number", "request_id", "message_total", *ALARM_FIELDS],
            order="id",
        )
        older = alarms.request_id.filtered(lambda one: one.id not in self._by_request)
        self._by_request |= {one.id: self._incident(one) for one in older}
        for alarm in alarms:
            self.book.know_alarm(self._known(alarm))

    @staticmethod
    def _incident(request):
        return Incident(
            device=request.equipment_id.id,
            cause=request.hc_cause,
            id=request.id,
            closed_at=request.hc_closed_at or None,
            count=request.hc_alarm_count,
            first_at=request.hc_first_alarm_at or None,
            last_at=request.hc_last_alarm_at or None,
        )

    def _known(self, record):
        return Alarm(
            device=record.equipment_id.id,
            cause=record.code,
            number=record.number,
            id=record.id,
            first_at=record.first_at,
            last_at=record.last_at,
            active_at=record.active_at or None,
            ended_at=record.ended_at or None,
            starts=record.starts,
            messages=record.message_total,
            priority=record.priority,
            incident=self._by_request.get(record.request_id.id),
        )

    def _join(self, alarm, phase):
        incident = self.book.incident(alarm.device, alarm.cause, alarm.first_at)
        if incident.id is None and incident not in self._openers:
            self._openers[incident] = phase
        alarm.join(incident)

    # ------------------------------------------------------------------- saving

    def _save_requests(self):
        fresh = [one for one in self.book.incidents if one.id is None]
        requests = self.env["maintenance.request"].with_context(**SILENT)
        made = requests.create([self._request_values(one) for one in fresh])
        for incident, request in zip(fresh, made, strict=True):
            incident.id = request.id
        known = {one.id: one for one in self._by_request.values() if one.is_touched}
        for request in requests.browse(known):
            incident = known[request.id]
            request.write(
                {
                    "hc_alarm_count": incident.count,
                    "hc_first_alarm_at": incident.first_at,
                    "hc_last_alarm_at": incident.last_at,
                }
            )

    def _request_values(self, incident):
        return {
            **self.planner.values(self._openers[incident]),
            "hc_alarm_count": incident.count,
            "hc_first_alarm_at": incident.first_at,
            "hc_last_alarm_at": incident.last_at,
        }

    def _save_alarms(self):
        fresh = [one for one in self.book.alarms if one.id is None]
        alarms = self.env["hc.device.alarm"]
        made = alarms.create([{**self._identity(one), **self._alarm_values(one)} for one in fresh])
        for alarm, record in zip(fresh, made, strict=True):
            alarm.id, alarm.is_touched = record.id, False
        known = {one.id: one for one in self.book.alarms if one.is_touched}
        for record in alarms.browse(known):
            record.write(self._alarm_values(known[record.id]))

    def _identity(self, alarm):
        return {
            "equipment_id": alarm.device,
            "company_id": self.env.company.id,
            "code": alarm.cause,
            "number": alarm.number,
        }

    @staticmethod
    def _alarm_values(alarm):
        return {
            "request_id": alarm.incident.id if alarm.incident else False,
            "priority": alarm.priority,
            "first_at": alarm.first_at,
            "last_at": alarm.last_at,
            "active_at": alarm.active_at,
            "ended_at": alarm.ended_at,
            "is_over": alarm.is_over,
            "starts": alarm.starts,
            "occurrences": alarm.occurrences,
            "message_total": alarm.messages,
            **alarm.details,
        }
