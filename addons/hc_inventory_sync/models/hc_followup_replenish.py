# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict

from odoo import Command, models

UNSERVED = ("waiting", "confirmed", "partially_available")
OPEN = ("draft", *UNSERVED, "assigned")


class HcFollowupReplenish(models.AbstractModel):
    """Replenishment of what a batch has used: the wards first, then the central store.

    The order matters: the transfers that fill the wards are the demand of the store.
    """

    _name = "hc.followup.replenish"
    _inherit = "hc.followup.handler"
    _description = "Replenish What Was Used"

    _kind = "replenish"
    _writer = "stock"
    # A chunk keeps the stock writer waiting, about 60 ms for each orderpoint.
    _chunk = 5

    def _process(self, keys):
        triggers = defaultdict(set)
        for key in keys:
            triggers[key["product"]].add(key["move"])
        wards = self._ward_orderpoints(keys)
        self._procure(wards, triggers)
        stores = self._store_orderpoints(keys)
        self._procure(stores, triggers)
        self._tell(self._uncovered(wards, stores))
        self._ask(wards | stores)

    # ------------------------------------------------------------- orderpoints

    def _ward_orderpoints(self, keys):
        pairs = {(key["product"], key["location"]) for key in keys}
        found = self._automatic(keys, [("location_id", "in", [key["location"] for key in keys])])
        return found.filtered(lambda one: (one.product_id.id, one.location_id.id) in pairs)

    def _store_orderpoints(self, keys):
        wards = self.env["stock.location"].browse({key["location"] for key in keys})
        stores = wards.warehouse_id.lot_stock_id
        return self._automatic(keys, [("location_id", "in", stores.ids)])

    def _automatic(self, keys, domain):
        return self.env["stock.warehouse.orderpoint"].search(
            [
                ("product_id", "in", list({key["product"] for key in keys})),
                ("trigger", "=", "auto"),
                ("company_id", "=", self.env.company.id),
                *domain,
            ]
        )

    def _procure(self, orderpoints, triggers):
        """Transfers or purchase orders for those that are due, traced to their use."""
        due = orderpoints.filtered(lambda one: one.product_uom.compare(one.qty_to_order, 0) > 0)
        if not due:
            return
        due._procure_orderpoint_confirm(company_id=self.env.company, raise_user_error=False)
        self.env.flush_all()
        self.env.invalidate_all(flush=False)
        for record in self._just_written("stock.move", due, [("state", "in", OPEN)]):
            self._trace(record, triggers[record.product_id.id])
        for record in self._just_written("purchase.order.line", due, [("state", "=", "draft")]):
            demand = triggers[record.product_id.id] | self._demand(record)
            self._trace(record, demand)

    def _just_written(self, model, orderpoints, domain):
        """What this very transaction has created or raised for the orderpoints."""
        written = [
            ("orderpoint_id", "in", orderpoints.ids),
            ("write_date", ">=", self.env.cr.now()),
        ]
        return self.env[model].search([*written, *domain])

    def _demand(self, line):
        """The use behind the ward transfers that a purchase is to serve."""
        transfers = self.env["stock.move"].search(
            [
                ("product_id", "=", line.product_id.id),
                ("location_id", "=", line.orderpoint_id.location_id.id),
                ("hc_trigger_move_ids", "!=", False),
                ("state", "in", OPEN),
            ]
        )
        return set(transfers.hc_trigger_move_ids.ids)

    def _trace(self, record, move_ids):
        known = set(record.hc_trigger_move_ids.ids)
        record.hc_trigger_move_ids = [Command.link(one) for one in sorted(move_ids - known)]

    # -------------------------------------------------------------- supply team

    def _uncovered(self, wards, stores):
        """Orderpoints whose place stays short whatever replenishment has done."""
        short = (wards | stores).filtered(
            lambda one: one.product_uom.compare(one.qty_forecast, one.product_min_qty) < 0
        )
        bought = stores.product_id
        unbought = wards.filtered(lambda one: one.product_id not in bought)
        waiting = self.env["stock.move"].search(
            [("orderpoint_id", "in", unbought.ids), ("state", "in", UNSERVED)]
        )
        return short | waiting.orderpoint_id

    def _tell(self, orderpoints):
        for orderpoint in orderpoints:
            place = orderpoint.location_id.display_name
            summary = self.env._("%s: under the minimum, nothing on the way", place)
            self._remind(orderpoint.product_id, orderpoint, summary)

    def _ask(self, orderpoints):
        """Orders that replenishment has drafted need somebody to confirm them."""
        lines = self.env["purchase.order.line"].search(
            [("orderpoint_id", "in", orderpoints.ids), ("order_id.state", "=", "draft")]
        )
        for order, own in lines.grouped("order_id").items():
            summary = self.env._("Stock under the minimum: confirm the order")
            self._remind(order, own[:1].orderpoint_id, summary)

    def _remind(self, record, orderpoint, summary):
        """One activity for each thing to do, while it is open."""
        if summary in record.activity_ids.mapped("summary"):
            return
        officer = (
            orderpoint.warehouse_id.hc_supply_user_id
            or orderpoint.product_id.responsible_id
            or self.env.ref("base.user_admin")
        )
        record.activity_schedule(
            "mail.mail_activity_data_todo", summary=summary, user_id=officer.id
        )
