# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import ChainMap
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from odoo import models

from odoo.addons.healthcare_integration_base.engine.item import Fix
from odoo.addons.healthcare_integration_base.messaging import when

from ..biomed.triage import REQUEST, Case, decide
from ..work.alarms import Work
from ..work.days import Days
from ..work.devices import Devices
from ..work.phase import Phase
from ..work.planner import Planner

TECHNICAL = "technical"
UNSAID = "medium"
"""Priority of an alarm whose device says none: neither put off nor put first."""


class HcHandlerDeviceAlarmed(models.AbstractModel):
    """Alarms of devices: about the device they are work, about a patient only counted."""

    _name = "hc.handler.device.alarmed"
    _inherit = "hc.message.handler"
    _description = "Device Alarms"

    _writer = "biomed"
    _groups = ("hc_biomed_maintenance.group_biomed_system",)

    def _handle(self, items):
        phases = self._fresh(self._phases(items))
        technical = [phase for phase in phases if phase.is_technical]
        self._count([phase for phase in phases if not phase.is_technical])
        if technical:
            self._work(technical)

    def _plan(self, items):
        """What would be made, without the numbers of what is there already."""
        planned = {id(phase.item): phase for phase in self._fresh(self._phases(items))}
        return [self._plan_of(item, planned.get(id(item))) for item in items]

    @staticmethod
    def _plan_of(item, phase):
        if phase is None:
            return [{"duplicate": True} if item.state == "duplicate" else _against(item)]
        if not phase.is_technical:
            return [{"effect": "hc.device.alarm.day"}]
        model = "maintenance.request" if phase.rule.outcome == REQUEST else "hc.device.alarm"
        return [{"effect": model, "equipment": phase.equipment.display_name}]

    # ----------------------------------------------------------------- reading

    def _phases(self, items):
        """Those that can be read; the others are told what is missing."""
        devices = Devices(self.env, items)
        rules = self.env["hc.triage.rule"]._rules()
        now = datetime.now(UTC)
        read = (self._phase(item, devices, now) for item in items)
        return [phase for phase in read if phase is not None and self._triage(phase, rules)]

    def _phase(self, item, devices, now):
        equipment = devices.of(item)
        if equipment is None or not self._is_complete(item):
            return None
        moment = self._time(item, equipment, now)
        if moment is None:
            item.review("date_implausible", fix=Fix("channel"))
            return None
        data = item.data
        return Phase(
            item=item,
            equipment=equipment,
            number=data["alarm"],
            phase=data["phase"],
            at=moment.at,
            day=moment.day,
            priority=data.get("priority") or UNSAID,
            is_technical=data["kind"] == TECHNICAL,
            code=data.get("code") or "",
            location=data.get("location") or "",
            problem=data.get("problem") or "",
        )

    @staticmethod
    def _is_complete(item):
        data = item.data
        needed = ["kind", "occurred_at"] + (["code"] if data.get("kind") == TECHNICAL else [])
        missing = [name for name in needed if not data.get(name)]
        if missing == ["occurred_at"] and item.event_time:
            return True
        if missing:
            item.review("incomplete", detail=f"/{missing[0]}", fix=Fix("channel"))
        return not missing

    @staticmethod
    def _time(item, equipment, now):
        """When the phase began, else when it was sent; None when it cannot be."""
        text = item.data.get("occurred_at")
        site = equipment.hc_site_id or item.channel.default_site_id
        zone = ZoneInfo(site.timezone or "UTC")
        sent = item.event_time and item.event_time.replace(tzinfo=UTC)
        moment = when.read(text, zone, now) if text else when.of(sent, zone)
        if moment is None or when.is_implausible(moment, now, item.channel.max_age_days):
            return None
        return moment

    def _triage(self, phase, rules):
        """Find the rule; says whether there is one, or none is needed."""
        if not phase.is_technical:
            return True
        equipment = phase.equipment
        phase.rule = decide(
            rules,
            Case(
                code=phase.code,
                priority=phase.priority,
                criticality=equipment.hc_criticality,
                category=equipment.category_id.id or None,
                company=self.env.company.id,
            ),
        )
        if phase.rule is None:
            phase.item.review("no_triage_rule", subject=phase.code)
        return phase.rule is not None

    def _fresh(self, phases):
        """Phases that were not told before, by a message of this batch or an earlier one."""
        keys = {phase.business_key for phase in phases}
        known = ChainMap({}, self.env["hc.effect"]._known(keys) if keys else {})
        fresh = []
        for phase in phases:
            fact = known.get(phase.business_key)
            if fact is None:
                known[phase.business_key] = (phase.item.message_id, phase.digest)
                fresh.append(phase)
            elif fact[1] == phase.digest:
                phase.item.duplicate(fact[0])
            else:
                phase.item.review("business_key_conflict")
        return fresh

    # ----------------------------------------------------------------- effects

    def _work(self, phases):
        work = Work(self.env, phases, Planner(self.env))
        taken = [(phase, work.take(phase)) for phase in phases]
        work.save()
        for phase, alarm in taken:
            if alarm is None:
                continue
            phase.item.effect(
                "alarm", "hc.device.alarm", alarm.id, phase.business_key, phase.digest
            )
            if alarm.incident is not None:
                phase.item.effect("request", "maintenance.request", alarm.incident.id)

    def _count(self, phases):
        """Alarms about patients: one more of the device and day for each alarm."""
        keys = {key for phase in phases for key in phase.count_keys}
        counted = set(self.env["hc.effect"]._known(keys)) if keys else set()
        days = Days(self.env, phases) if phases else None
        for phase in phases:
            is_new = counted.isdisjoint(phase.count_keys)
            counted.add(phase.count_key)
            day = days.add(phase.equipment, phase.day, int(is_new))
            phase.item.effect("told", day._name, day.id, phase.business_key, phase.digest)
            if is_new:
                phase.item.effect("counted", day._name, day.id, phase.count_key)
        if days:
            days.save()


def _against(item):
    """Why an item has no effect: it waits, or belongs to another company."""
    return {"review": item.error_code} if item.error_code else {"company": item.company_id}
