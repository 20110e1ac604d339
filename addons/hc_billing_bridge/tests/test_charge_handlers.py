# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.healthcare_integration_base.tests.common import HandlerCase

from .common import CAPTURED, COMPLETED, BillingCase


class TestChargeCapturedHandler(HandlerCase, BillingCase):
    event_type = CAPTURED
    poison = {"service": "poison", "quantity": {}}

    def valid(self, number):
        return self.charge(f"CH-{number}", quantity=number)

    def needs_person(self):
        return self.charge("CH-900", "UNHEARD")

    def broken(self):
        return self.charge("CH-901", quantity=-1)


class TestServiceCompletedHandler(HandlerCase, BillingCase):
    event_type = COMPLETED
    poison = {"services": "poison"}

    def valid(self, number):
        return self.services(
            self.service_line(1, quantity=number), completed_at="2026-11-20T09:00:00Z"
        )

    def needs_person(self):
        return self.services(self.service_line(1, "UNHEARD"))

    def broken(self):
        return self.services(self.service_line(1, quantity=0))
