# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import fields

from odoo.addons.healthcare_integration_base.tests.common import EngineCase

CHANGED = "appointment.changed.v1"
CHARGED = "charge.captured.v1"
SCAN, VISIT, FREE = "SCAN", "VISIT", "FREE"


class AppointmentCase(EngineCase):
    """A hospital in Berlin whose one system sends appointments and charges."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.system = cls.make_system("scheduling-test", kind="scheduling")
        cls.site = cls._site(cls.system, "MAIN", cls.company)
        cls.scan = cls._service("Scan", SCAN, hc_needs_appointment=True)
        cls.visit = cls._service("Visit", VISIT)
        cls.channel = cls.make_channel(
            cls.system,
            cls.env.ref("hc_billing_bridge.message_type_appointment_changed_v1")
            + cls.env["hc.message.type"]._named(CHARGED),
            max_age_days=0,
        )
        cls.now = fields.Datetime.now()

    @classmethod
    def _site(cls, system, code, company):
        return cls.env["hc.site"].create(
            {
                "name": code,
                "system_id": system.id,
                "facility_code": code,
                "company_id": company.id,
                "timezone": "Europe/Berlin",
            }
        )

    @classmethod
    def _service(cls, name, code, **values):
        product = cls.env["product.product"].create(
            {"name": name, "type": "service", "list_price": 80.0, **values}
        )
        cls.env["hc.identifier"].create(
            {
                "system_id": cls.system.id,
                "namespace": "service",
                "code_system": "local",
                "value": code,
                "res_id": product.id,
            }
        )
        return product

    def ago(self, **units):
        return self.now - timedelta(**units)

    def appointment(self, number="A-1", status="booked", **values):
        """Data of an event; a service, a time and a patient unless told otherwise."""
        start = self.ago(days=3)
        data = {
            "appointment": number,
            "facility": "MAIN",
            "status": status,
            "services": [{"value": SCAN}],
            "start": start.isoformat() + "Z",
            "end": (start + timedelta(minutes=30)).isoformat() + "Z",
            "patient": {"mrn": "P-1", "authority": "HOSP"},
            **values,
        }
        return {name: value for name, value in data.items() if value is not None}

    def change(self, *args, at=None, **values):
        """Send an event that says what an appointment was at a time."""
        attributes = {"time": at.isoformat() + "Z"} if at else {}
        data = self.appointment(*args, **values)
        return self.send(self.channel, self.event(data, CHANGED, **attributes))

    def charge(self, number="C-1", at=None, service=SCAN, **values):
        data = {
            "charge": number,
            "facility": "MAIN",
            "encounter": f"E-{number}",
            "service": {"value": service},
            "quantity": 1,
            "occurred_at": (at or self.ago(days=3)).isoformat() + "Z",
            "action": "charge",
            "price": {"amount": "80", "currency": self.company.currency_id.name},
            "patient": {"mrn": "P-1", "authority": "HOSP"},
            **values,
        }
        return self.send(self.channel, self.event(data, CHARGED))

    def work(self):
        """Everything that goes on by itself after events have come."""
        self.drain()
        self.follow_up()

    def found(self, number="A-1"):
        return self.env["hc.appointment"].search([("name", "=", number)])

    def charge_of(self, message):
        effect = message.effect_ids.filtered(lambda one: one.res_model == "hc.charge")
        return self.env["hc.charge"].browse(effect.res_id)

    def gaps(self):
        return self.env["hc.charge.gap"].search([("site_id.system_id", "=", self.system.id)])
