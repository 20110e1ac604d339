# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import fields

from odoo.addons.healthcare_integration_base.engine import run
from odoo.addons.healthcare_integration_base.engine.item import Item

from .common import ALARMED, BiomedCase


class TestDeviceAlarmed(BiomedCase):
    def test_an_alarm_is_a_request(self):
        message = self.tell()
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        (request,) = self.requests()
        self.assertEqual(request.equipment_id, self.pump)
        self.assertEqual(request.maintenance_team_id, self.team)
        self.assertEqual(request.name, "Pump: MDC_EVT_BATT_LO")
        self.assertEqual((request.hc_cause, request.hc_location), ("MDC_EVT_BATT_LO", "ICU-1"))
        self.assertEqual(request.hc_alarm_count, 1)
        self.assertEqual(request.maintenance_type, "corrective")
        self.assertEqual(request.company_id, self.company)
        roles = {effect.role: effect.res_model for effect in message.effect_ids}
        self.assertEqual(roles, {"alarm": "hc.device.alarm", "request": "maintenance.request"})
        self.assertEqual(request._hc_messages(), message)

    def test_a_storm_is_one_request(self):
        for number in range(40):
            self.tell(f"A{number}", minutes=-60 + number)
        self.drain()
        for number in range(40, 45):
            self.tell(f"A{number}", minutes=-60 + number)
        self.drain()
        (request,) = self.requests()
        self.assertEqual(request.hc_alarm_count, 45)
        self.assertEqual(request.hc_first_alarm_at, self.now - timedelta(minutes=60))
        self.assertEqual(request.hc_last_alarm_at, self.now - timedelta(minutes=16))
        self.assertEqual(len(request.hc_alarm_ids), 45)

    def test_devices_and_causes_are_told_apart(self):
        self.tell("A1")
        self.tell("A1", code="MDC_EVT_LEAK")
        self.tell("A1", device="MONITOR")
        self.drain()
        self.assertEqual(len(self.requests()), 3)

    def test_phases_in_any_order(self):
        self.tell(phase="end", minutes=-10)
        self.drain()
        self.tell(phase="update", minutes=-20)
        self.tell(phase="start", minutes=-30)
        self.drain()
        (request,) = self.requests()
        (alarm,) = request.hc_alarm_ids
        self.assertEqual((request.hc_alarm_count, alarm.message_total), (1, 3))
        self.assertTrue(alarm.is_over)
        self.assertEqual(alarm.first_at, self.now - timedelta(minutes=30))
        self.assertEqual(request.hc_last_alarm_at, self.now - timedelta(minutes=10))

    def test_missing_end(self):
        self.tell()
        self.drain()
        self.assertFalse(self.requests().hc_alarm_ids.is_over)

    def test_doubled_phases_count_once(self):
        first, second = self.tell(), self.tell()
        self.drain()
        third = self.tell()
        self.drain()
        self.assertEqual((second + third).mapped("state"), ["duplicate", "duplicate"])
        self.assertEqual((second + third).duplicate_of_id, first)
        self.assertEqual(self.requests().hc_alarm_count, 1)

    def test_another_content_of_the_same_phase(self):
        self.tell()
        self.drain()
        other = self.tell(priority="high")
        self.drain()
        self.assertReview(other, "business_key_conflict")

    def test_flapping_counts(self):
        for minute in range(-40, -20, 2):
            self.tell(minutes=minute)
            self.tell(minutes=minute + 1, phase="end")
        self.drain()
        (request,) = self.requests()
        self.assertEqual(request.hc_alarm_count, 10)
        self.assertEqual(request.hc_alarm_ids.occurrences, 10)

    def test_several_times_a_second(self):
        at = self.now - timedelta(minutes=5)
        for fraction in ("", ".250", ".5", ".500"):
            self.tell(occurred_at=f"{at.isoformat()}{fraction}Z")
        self.drain()
        self.assertEqual(self.requests().hc_alarm_count, 3)

    # ------------------------------------------------------------- after closing

    def test_after_closing_it_is_another_request(self):
        self.tell(minutes=-60)
        self.drain()
        self.close(self.requests(), self.now - timedelta(minutes=30))
        late_end = self.tell(phase="end", minutes=-20)
        late_start = self.tell("A2", minutes=-40)
        self.drain()
        (request,) = self.requests()
        self.assertEqual(request.hc_alarm_count, 2)
        self.assertEqual((late_end + late_start).mapped("state"), ["done", "done"])
        self.tell("A3", minutes=-10)
        self.drain()
        first, second = self.requests()
        self.assertEqual((first, second.hc_alarm_count), (request, 1))
        self.assertFalse(second.hc_closed_at)

    def test_a_device_counts_from_one_again(self):
        self.tell(minutes=-60)
        self.drain()
        self.close(self.requests(), self.now - timedelta(minutes=30))
        self.tell(minutes=-10)
        self.drain()
        self.assertEqual(len(self.requests()), 2)
        self.tell(phase="end", minutes=-5)
        self.drain()
        self.assertTrue(self.requests()[1].hc_alarm_ids.is_over)

    def test_a_cancelled_request_is_closed(self):
        self.tell(minutes=-60)
        self.drain()
        self.requests().archive_equipment_request()
        self.requests().hc_closed_at = self.now - timedelta(minutes=30)
        self.tell("A2", minutes=-5)
        self.drain()
        self.assertEqual(len(self.requests()), 2)

    # ------------------------------------------------------------------- review

    def test_unknown_device_goes_on_when_it_is_mapped(self):
        waiting = self.tell(device="NEW") + self.tell(device="NEW", phase="end", minutes=-10)
        other = self.tell()
        self.drain()
        self.assertReview(waiting[0], "unknown_equipment")
        self.assertEqual(other.state, "done")
        issue = waiting.issue_id
        self.assertEqual(len(issue), 1)
        action = issue.action_fix()
        self.assertEqual(action["res_model"], "hc.identifier")
        self.assertEqual(action["context"]["default_value"], "NEW")
        self.map_code("NEW", self.vent)
        self.drain()
        self.assertEqual(waiting.mapped("state"), ["done", "done"])
        self.assertEqual(self.requests(self.vent).hc_alarm_count, 1)

    def test_incomplete(self):
        message = self.tell()
        self.spoil(message, {**message.payload, "kind": None})
        self.drain()
        self.assertReview(message, "incomplete")

    def test_dates(self):
        old = self.tell(minutes=-60 * 24 * 400)
        ahead = self.tell(minutes=30)
        self.drain()
        self.assertReview(old, "date_implausible")
        self.assertReview(ahead, "date_implausible")
        self.channel.max_age_days = 0
        self.drain()
        self.assertEqual(old.state, "done", old.error_code)

    def test_no_rule(self):
        self.env["hc.triage.rule"].search([]).active = False
        message = self.tell()
        self.drain()
        self.assertReview(message, "no_triage_rule")

    # ------------------------------------------------------------ about patients

    def test_alarms_about_patients_are_counted_and_nothing_else(self):
        kind = {"kind": "physiological", "code": "MDC_EVT_HI/MDC_PULS", "text": "Canary Ophelia"}
        messages = self.tell("P1", **kind) + self.tell("P2", **kind)
        messages += self.tell("P1", phase="end", minutes=-50, **kind)
        self.drain()
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertFalse(self.requests())
        self.assertFalse(self.env["hc.device.alarm"].search([]))
        day = self.env["hc.device.alarm.day"].search([("equipment_id", "=", self.pump.id)])
        self.assertEqual(sum(day.mapped("count")), 2)
        self.assertEqual(self.pump.hc_patient_alarm_count, 2)
        self.assertFalse(self.rows_with("Canary Ophelia", "MDC_PULS"))
        for message in messages:
            self.assertFalse(message.payload.keys() & {"code", "location", "text"})
        again = self.tell("P1", **kind)
        self.drain()
        self.assertEqual(again.state, "duplicate")
        self.assertEqual(sum(day.mapped("count")), 2)

    # ---------------------------------------------------------------- companies

    def test_handled_in_the_company_of_the_device(self):
        other = self.env["res.company"].create({"name": "North"})
        self.env["hc.site"].create(
            {
                "name": "North",
                "system_id": self.system.id,
                "facility_code": "NORTH",
                "company_id": other.id,
            }
        )
        team = self.env["maintenance.team"].create({"name": "North", "company_id": other.id})
        device = self.make_device(
            "Northern pump", "NORTH-1", company_id=other.id, maintenance_team_id=team.id
        )
        message = self.tell(device="NORTH-1")
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertEqual(self.requests(device).company_id, other)
        self.assertEqual(self.requests(device).maintenance_team_id, team)

    # --------------------------------------------------------------------- plan

    def test_plan_writes_nothing(self):
        good = self._plan(self.alarm())
        self.assertEqual(good, [{"effect": "maintenance.request", "equipment": "Pump"}])
        patient = self._plan(self.alarm(kind="physiological"))
        self.assertEqual(patient, [{"effect": "hc.device.alarm.day"}])
        bad = self._plan(self.alarm(device="NEW"))
        self.assertEqual(bad, [{"review": "unknown_equipment"}])
        self.assertFalse(self.requests())

    def _plan(self, data):
        item = Item(
            message_id=0,
            uuid="",
            type=ALARMED,
            data=data,
            system_id=self.system.id,
            channel=self.channel,
            company_id=self.company.id,
            event_id="evt",
            source="urn:test",
        )
        return run.plan(self.env, [item])[0]

    def test_clock(self):
        self.tell()
        self.drain()
        request, now = self.requests(), fields.Datetime.now()
        for hours, clock in ((-3, "late"), (1, "soon"), (30, "ok")):
            request.hc_deadline = now + timedelta(hours=hours, seconds=30)
            self.assertEqual(request.hc_clock, clock)
            found = self.env["maintenance.request"].search([("hc_clock", "=", clock)])
            self.assertIn(request, found)
        self.close(request)
        self.assertEqual(request.hc_clock, "none")
