# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command, models

from ..inventory.aggregate import transfers_by_day
from ..supply.reader import RequestReader


class HcHandlerSupplyRequested(models.AbstractModel):
    """A ward asks for supplies: a transfer from the central store, to be picked."""

    _name = "hc.handler.supply.requested"
    _inherit = "hc.handler.supply"
    _description = "Supplies Requested"
    _posting = "return"
    _reader = RequestReader

    def _post(self, lines, first):
        """One transfer for each day and ward; by the lines' tokens, the ids of the moves."""
        origin = self.env["hc.system"].browse(first.system_id).code
        found = {}
        for transfers in transfers_by_day(lines).values():
            for transfer in transfers:
                found |= self._request(transfer, origin)
        return found

    def _request(self, transfer, origin):
        store = self.env["stock.location"].browse(transfer.source)
        places = {"location_id": transfer.source, "location_dest_id": transfer.destination}
        units = self.env["product.product"].browse([one.product for one in transfer.moves.values()])
        picking = self.env["stock.picking"].create(
            {
                **places,
                "picking_type_id": store.warehouse_id.int_type_id.id,
                "origin": origin,
                "move_ids": [
                    Command.create(
                        {
                            **places,
                            "product_id": one.product,
                            "product_uom": product.uom_id.id,
                            "product_uom_qty": float(one.quantity),
                        }
                    )
                    for one, product in zip(transfer.moves.values(), units, strict=True)
                ],
            }
        )
        picking.action_confirm()
        moves = {move.product_id.id: move.id for move in picking.move_ids}
        return {
            token: moves[one.product] for one in transfer.moves.values() for token in one.tokens
        }
