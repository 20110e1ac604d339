# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.healthcare_integration_base.tests.common import HandlerCase

from .appointment_common import CHANGED, AppointmentCase


class TestAppointmentHandler(HandlerCase, AppointmentCase):
    """What every handler has to prove."""

    event_type = CHANGED
    poison = {"appointment": "A-1", "facility": "MAIN", "status": "booked", "services": "poison"}

    def valid(self, number):
        return self.appointment(f"A-{number}")

    def needs_person(self):
        return self.appointment(facility="NOWHERE")

    def broken(self):
        return self.appointment(status="perhaps")
