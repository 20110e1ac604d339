# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.healthcare_integration_base.tests.common import HandlerCase

from .common import RETURNED, SupplyCase


class TestSupplyReturned(HandlerCase, SupplyCase):
    event_type = RETURNED

    def valid(self, number):
        return self.use(self.line(quantity=1), transaction=f"R-{number}")

    def needs_person(self):
        return self.use(self.line("SALINE", lot="NEVER-SEEN"))

    def broken(self):
        return {"facility": "MAIN"}

    def test_back_on_the_shelf(self):
        used = self.consume(self.line("SALINE", 5, lot="L1"), transaction="T1")
        self.drain()
        back = self.consume(self.line("SALINE", 2, lot="L1"), event_type=RETURNED, transaction="T1")
        self.drain()
        self.assertEqual((used.state, back.state), ("done", "done"))
        move = self.moves(back)
        self.assertEqual(move.location_dest_id, self.icu)
        self.assertEqual(move.location_id, self.center.location_id)
        self.assertEqual(self.on_hand(self.saline, self.icu, self.lot), 47)
        credit = move.account_move_id.line_ids.filtered("credit")
        self.assertEqual((credit.account_id, credit.credit), (self.expense, 6.0))
        self.assertEqual(credit.analytic_distribution, {str(self.account.id): 100})
