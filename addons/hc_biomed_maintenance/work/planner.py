# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a new request is like, and by when it has to be acknowledged and done."""

from datetime import UTC, timedelta

from ..biomed.clock import after
from .alarms import naive

AHEAD = timedelta(days=45)


class Planner:
    """Makes the values of requests; looks every calendar up once for a batch."""

    def __init__(self, env):
        self.env = env
        self._requests = env["maintenance.request"]
        self._intervals = {}
        self._default_team = None
        # Looked up once: Odoo's default would ask for it for every request.
        self._stage = self._requests._default_stage()

    def values(self, phase):
        """Values of the request that the phase opens."""
        equipment, rule = phase.equipment, self.env["hc.triage.rule"].browse(phase.rule.id)
        team = rule.team_id or equipment.maintenance_team_id or self._team()
        criticality = equipment.hc_criticality
        return {
            "name": f"{equipment.display_name}: {self._requests._hc_cause_label(phase.code)}",
            "company_id": self.env.company.id,
            "equipment_id": equipment.id,
            "maintenance_team_id": team.id,
            "stage_id": self._stage.id,
            "user_id": self._technician(equipment).id,
            "owner_user_id": False,
            "priority": rule.request_priority,
            "maintenance_type": rule.maintenance_type,
            "request_date": phase.at.date(),
            "description": phase.problem or False,
            "hc_cause": phase.code,
            "hc_rule_id": rule.id,
            "hc_location": phase.location or equipment.hc_location,
            "hc_deadline": self._due(team, phase.at, rule._hours("hours", criticality)),
            "hc_acknowledge_by": self._due(team, phase.at, rule._hours("answer", criticality)),
        }

    def _team(self):
        if self._default_team is None:
            teams = self.env["maintenance.team"]
            own = teams.search([("company_id", "=", self.env.company.id)], limit=1)
            self._default_team = own or teams.search([("company_id", "=", False)], limit=1)
        return self._default_team

    def _technician(self, equipment):
        """The one of the equipment, as far as they work in this company."""
        user = equipment.technician_user_id or equipment.category_id.technician_user_id
        return user if self.env.company in user.company_ids else user.browse()

    # ------------------------------------------------------------------- clock

    def _due(self, team, at, hours):
        """In UTC, the working time of the team, else of the company; all the time where there
        is none."""
        start = at.replace(tzinfo=UTC)
        calendar = team.hc_calendar_id or self.env.company.resource_calendar_id
        found = after(self._working(calendar, start), start, hours) if calendar else None
        if found is None and calendar:
            found = calendar.plan_hours(hours, start, compute_leaves=True) or None
        return naive(found or start + timedelta(hours=hours))

    def _working(self, calendar, start):
        """Working time of six weeks from the day on, holidays left out."""
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        key = (calendar.id, day)
        if key not in self._intervals:
            found = calendar._work_intervals_batch(day, day + AHEAD)[False]
            self._intervals[key] = [
                (opens.astimezone(UTC), closes.astimezone(UTC)) for opens, closes, _meta in found
            ]
        return self._intervals[key]
