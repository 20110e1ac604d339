# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.healthcare_integration_base.tests.common import HandlerCase

from .common import CONSUMED, SupplyCase


class TestSupplyConsumedHandler(HandlerCase, SupplyCase):
    """What every handler has to prove."""

    event_type = CONSUMED

    def valid(self, number):
        return self.use(self.line(quantity=2), transaction=f"T-{number}")

    def needs_person(self):
        return self.use(self.line("NOBODY-KNOWS"))

    def broken(self):
        return {"facility": "MAIN", "lines": []}
