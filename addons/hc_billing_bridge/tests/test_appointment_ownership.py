# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from .appointment_common import CHANGED, AppointmentCase


class TestAppointmentOwnership(AppointmentCase):
    """Times of appointments are kept in Odoo, all else by the scheduling system."""

    def own(self, on_other="ignore", **values):
        self.env["hc.ownership"].create(
            {
                "domain_id": self.env.ref("hc_billing_bridge.domain_appointment").id,
                "on_other": on_other,
                **values,
            }
        )

    def change(self, **values):
        data = self.appointment("A-71", **values)
        message = self.send(self.channel, self.event(data, CHANGED))
        self.drain()
        return message

    def test_fields_of_another_stay(self):
        first = self.change()
        self.assertEqual(first.state, "done", first.error_code)
        appointment = self.env["hc.appointment"].browse(first.effect_ids.res_id)
        start = appointment.start
        self.own(field_name="start")
        self.own(field_name="end")
        moved = self.change(
            start="2026-01-01T10:00:00Z", end="2026-01-01T11:00:00Z", status="arrived"
        )
        self.assertEqual((moved.state, moved.error_code), ("done", "fields_not_owned"))
        self.assertEqual((appointment.state, appointment.start), ("arrived", start))

    def test_no_appointment_of_another(self):
        self.own("refuse")
        message = self.change()
        self.assertEqual((message.state, message.error_code), ("rejected", "not_owner"))
        self.assertFalse(self.env["hc.appointment"].search([("name", "=", "A-71")]))
