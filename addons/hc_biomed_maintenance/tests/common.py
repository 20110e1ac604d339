# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import Command, fields

from odoo.addons.healthcare_integration_base.tests.common import EngineCase

ALARMED = "device.alarmed.v1"
UPSERTED = "equipment.upserted.v1"


class BiomedCase(EngineCase):
    """A hospital with three devices, a team that works from eight to four, and a gateway."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.system = cls.make_system("gateway-test", kind="biomed")
        cls.channel = cls.make_channel(
            cls.system,
            cls.env.ref("hc_biomed_maintenance.message_type_device_alarmed_v1")
            + cls.env.ref("hc_biomed_maintenance.message_type_equipment_upserted_v1"),
        )
        cls.calendar = cls.env["resource.calendar"].create(
            {
                "name": "Eight to four",
                "tz": "UTC",
                "attendance_ids": [
                    Command.create({"name": day, "dayofweek": day, "hour_from": 8, "hour_to": 16})
                    for day in "01234"
                ],
            }
        )
        cls.chief = cls.env["res.users"].create({"name": "Chief", "login": "biomed-chief"})
        cls.team = cls.env["maintenance.team"].create(
            {
                "name": "Biomed",
                "company_id": cls.company.id,
                "hc_calendar_id": cls.calendar.id,
                "hc_escalation_user_id": cls.chief.id,
            }
        )
        cls.pump = cls.make_device("Pump", "PUMP")
        cls.monitor = cls.make_device("Monitor", "MONITOR", hc_criticality="high")
        cls.vent = cls.make_device("Ventilator", "VENT", hc_criticality="life_support")
        cls.now = fields.Datetime.now()

    @classmethod
    def make_device(cls, name, code=None, **values):
        device = cls.env["maintenance.equipment"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "maintenance_team_id": cls.team.id,
                "technician_user_id": False,
                **values,
            }
        )
        if code:
            cls.map_code(code, device)
        return device

    @classmethod
    def map_code(cls, code, device):
        return cls.env["hc.identifier"].create(
            {
                "system_id": cls.system.id,
                "namespace": "equipment",
                "code_system": "local",
                "value": code,
                "res_id": device.id,
            }
        )

    def alarm(self, number="A1", device="PUMP", minutes=-60, **values):
        """Data of an alarm that began so many minutes from now."""
        at = self.now + timedelta(minutes=minutes)
        return {
            "alarm": number,
            "equipment": {"value": device},
            "phase": "start",
            "priority": "medium",
            "kind": "technical",
            "code": "MDC_EVT_BATT_LO",
            "occurred_at": at.isoformat() + "Z",
            "location": "ICU-1",
            **values,
        }

    def tell(self, number="A1", device="PUMP", minutes=-60, **values):
        return self.send(
            self.channel, self.event(self.alarm(number, device, minutes, **values), ALARMED)
        )

    def requests(self, device=None):
        domain = [("hc_cause", "!=", False)]
        if device is not None:
            domain.append(("equipment_id", "=", device.id))
        return self.env["maintenance.request"].search(domain, order="id")

    def close(self, request, at=None):
        """Somebody has repaired it, at that time."""
        request.stage_id = self.env["maintenance.stage"].search([("done", "=", True)], limit=1)
        if at is not None:
            request.hc_closed_at = at
            self.env.flush_all()

    def assertReview(self, message, code):
        self.assertEqual((message.state, message.error_code), ("review", code))
        self.assertFalse(message.effect_ids)
        self.assertEqual(message.issue_id.error_code, code)
