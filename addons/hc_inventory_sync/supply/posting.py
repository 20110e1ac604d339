# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Posting a batch: one transfer per day, ward and place of use, validated together."""

from odoo import Command

from ..inventory.aggregate import transfers_by_day

# Odoo's own keys: nobody follows or discusses a transfer that is posted as a fact.
QUIET = {
    "tracking_disable": True,
    "mail_notrack": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "cancel_backorder": True,
}
QUANT = (
    "product_id",
    "location_id",
    "lot_id",
    "package_id",
    "owner_id",
    "quantity",
    "reserved_quantity",
    "in_date",
)


class Posting:
    """Stock moves of one company from lines of :mod:`..inventory.aggregate`.

    :param kind: ``use`` out of the wards, or ``return`` into them.
    """

    def __init__(self, env, kind, origin):
        self.env = env(context={**env.context, **QUIET})
        self.kind = kind
        self.origin = origin
        self._types = {}

    def post(self, lines):
        """Post all lines.

        :return: by the lines' tokens, the id of the move that each became part of.
        """
        moves = {}
        for day, transfers in transfers_by_day(lines).items():
            moves |= self._post_day(day, transfers)
        return moves

    def _post_day(self, day, transfers):
        """Valuation takes its date from the context, so one day at a time."""
        env = self.env(context={**self.env.context, "force_period_date": day})
        units = self._units(transfers)
        vals = [self._transfer_vals(transfer, units) for transfer in transfers]
        pickings = env["stock.picking"].create(vals)
        self._prefetch_quants(transfers)
        pickings._action_done()
        return self._settle(pickings, transfers)

    def _prefetch_quants(self, transfers):
        """Odoo finds the quants in one query, and then reads them one by one."""
        places = {place for one in transfers for place in (one.source, one.destination)}
        products = {move.product for one in transfers for move in one.moves.values()}
        self.env["stock.quant"].search_fetch(
            [("product_id", "in", list(products)), ("location_id", "in", list(places))], QUANT
        )

    def _units(self, transfers):
        ids = {move.product for transfer in transfers for move in transfer.moves.values()}
        return {p.id: p.uom_id.id for p in self.env["product.product"].browse(ids)}

    def _transfer_vals(self, transfer, units):
        places = {"location_id": transfer.source, "location_dest_id": transfer.destination}
        common = {**places, "company_id": self.env.company.id}
        picking_type = self._picking_type(transfer)
        return {
            **common,
            "picking_type_id": picking_type,
            "origin": self.origin,
            "move_type": "direct",
            "move_ids": [
                Command.create(self._move_vals(move, units, common, picking_type))
                for move in transfer.moves.values()
            ],
        }

    def _move_vals(self, move, units, common, picking_type):
        """Lots are given at once: nothing is reserved to be taken in the same breath."""
        shared = {
            **common,
            "product_id": move.product,
            "picked": True,
            "date": move.at,
        }
        return {
            **shared,
            "product_uom": units[move.product],
            "product_uom_qty": float(move.quantity),
            "picking_type_id": picking_type,
            "hc_posted": True,
            "hc_analytic_account_id": move.analytic,
            "move_line_ids": [
                Command.create(
                    {
                        **shared,
                        "product_uom_id": units[move.product],
                        "quantity": float(quantity),
                        "lot_id": lot,
                    }
                )
                for lot, quantity in move.lots.items()
            ],
        }

    def _picking_type(self, transfer):
        ward = transfer.source if self.kind == "use" else transfer.destination
        if ward not in self._types:
            warehouse = self.env["stock.location"].browse(ward).warehouse_id
            own = warehouse.hc_use_type_id if self.kind == "use" else warehouse.hc_return_type_id
            self._types[ward] = (own or warehouse.int_type_id).id
        return self._types[ward]

    def _settle(self, pickings, transfers):
        """Find the moves of the tokens, and give them their true time.

        Odoo dates what is done at now. The times are written below the ORM's hooks: those
        are for moves that are rescheduled, and cost more than the posting itself.
        """
        found, moves, times = {}, self.env["stock.move"], []
        for picking, transfer in zip(pickings, transfers, strict=True):
            by_key = {
                (move.product_id.id, move.hc_analytic_account_id.id or None): move
                for move in picking.move_ids
            }
            for key, planned in transfer.moves.items():
                moves += by_key[key]
                times.append(planned.at)
                found |= dict.fromkeys(planned.tokens, by_key[key].id)
        self._write_times(pickings, [transfer.at for transfer in transfers], moves, times)
        return found

    def _write_times(self, pickings, transfer_times, moves, times):
        self.env.flush_all()
        lines = moves.move_line_ids
        at = dict(zip(moves.ids, times, strict=True))
        moves._write_multi([{"date": moment} for moment in times])
        lines._write_multi([{"date": at[line.move_id.id]} for line in lines])
        pickings._write_multi(
            [{"date_done": moment, "scheduled_date": moment} for moment in transfer_times]
        )
        moves.invalidate_recordset(["date"])
        lines.invalidate_recordset(["date"])
        pickings.invalidate_recordset(["date_done", "scheduled_date"])
