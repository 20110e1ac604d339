# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.healthcare_integration_base.tests.common import HandlerCase

from .common import REQUESTED, SupplyCase


class TestSupplyRequested(HandlerCase, SupplyCase):
    event_type = REQUESTED

    def valid(self, number):
        return self.use(self.line(quantity=5), transaction=f"Q-{number}")

    def needs_person(self):
        return self.use(self.line("NOBODY-KNOWS"))

    def broken(self):
        return {"facility": "MAIN"}

    def test_transfer_from_the_central_store(self):
        store = self.warehouse.lot_stock_id
        self.stock(self.glove, store, 50)
        first = self.consume(self.line(quantity=5), event_type=REQUESTED)
        second = self.consume(
            self.line(quantity=7), self.line("SALINE", 2, number=2), event_type=REQUESTED
        )
        self.drain()
        self.assertEqual((first.state, second.state), ("done", "done"))
        move = self.moves(first)
        self.assertEqual(move, self.moves(second)[0])
        self.assertEqual((move.product_uom_qty, move.state), (12, "assigned"))
        self.assertEqual((move.location_id, move.location_dest_id), (store, self.icu))
        self.assertEqual(self.on_hand(self.glove, self.icu), 100)
        self.assertFalse(move.account_move_id)
