# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command, fields, models


class StockWarehouse(models.Model):
    """A central store with wards around it (ADR 0005)."""

    _inherit = "stock.warehouse"

    hc_use_type_id = fields.Many2one(
        "stock.picking.type", "Use in wards", check_company=True, copy=False
    )
    hc_return_type_id = fields.Many2one(
        "stock.picking.type", "Return to wards", check_company=True, copy=False
    )
    hc_ward_route_id = fields.Many2one(
        "stock.route", "Ward supply route", check_company=True, copy=False
    )
    hc_use_location_id = fields.Many2one(
        "stock.location",
        "Place of use",
        check_company=True,
        copy=False,
        help="Where used stock goes to when neither cost center nor site say otherwise.",
    )
    hc_supply_user_id = fields.Many2one(
        "res.users",
        "Supply officer",
        domain="[('share', '=', False)]",
        copy=False,
        help="Is told when an item falls below its minimum and nothing is on the way.",
    )

    def _hc_set_up(self, account):
        """Place of use, operation types and route, as far as they are not there yet.

        :param account: expense account that used stock is booked to.
        """
        self.ensure_one()
        self.hc_use_location_id = self.hc_use_location_id or self._hc_place_of_use(
            self.env._("Used in %s", self.name), account
        )
        self.hc_ward_route_id = self.hc_ward_route_id or self._hc_make_route()
        self.hc_use_type_id = self.hc_use_type_id or self._hc_make_type(
            self.env._("Use in wards"), "outgoing", "USE"
        )
        self.hc_return_type_id = self.hc_return_type_id or self._hc_make_type(
            self.env._("Return to wards"), "incoming", "BACK"
        )

    def _hc_place_of_use(self, name, account):
        """A production location: what goes there is demand, what goes to an inventory
        location would be loss."""
        places = self.env["stock.location"]
        values = {"name": name, "usage": "production", "company_id": self.company_id.id}
        found = places.search([(key, "=", value) for key, value in values.items()], limit=1)
        return found or places.create({**values, "valuation_account_id": account.id})

    def _hc_make_type(self, name, code, sequence_code):
        places = [self.lot_stock_id.id, self.hc_use_location_id.id]
        if code == "incoming":
            places.reverse()
        return self.env["stock.picking.type"].create(
            {
                "name": name,
                "code": code,
                "sequence_code": sequence_code,
                "sequence": 90,
                "warehouse_id": self.id,
                "company_id": self.company_id.id,
                "default_location_src_id": places[0],
                "default_location_dest_id": places[1],
                "use_create_lots": False,
                "use_existing_lots": True,
                "reservation_method": "manual",
            }
        )

    def _hc_make_route(self):
        return self.env["stock.route"].create(
            {
                "name": self.env._("%s: wards from the central store", self.name),
                "company_id": self.company_id.id,
                "product_selectable": False,
                "warehouse_selectable": True,
                "warehouse_ids": [Command.link(self.id)],
            }
        )

    def _hc_add_ward(self, name):
        """The stock location of a ward, and the rule that fills it."""
        values = {"name": name, "usage": "internal", "location_id": self.view_location_id.id}
        wards = self.env["stock.location"]
        found = wards.search([(key, "=", value) for key, value in values.items()], limit=1)
        ward = found or wards.create(
            {**values, "company_id": self.company_id.id, "replenish_location": True}
        )
        if ward not in self.hc_ward_route_id.rule_ids.location_dest_id:
            self._hc_add_rule(ward)
        return ward

    def _hc_add_rule(self, ward):
        self.env["stock.rule"].create(
            {
                "name": self.env._("%s from the central store", ward.name),
                "route_id": self.hc_ward_route_id.id,
                "action": "pull",
                "procure_method": "make_to_stock",
                "picking_type_id": self.int_type_id.id,
                "location_src_id": self.lot_stock_id.id,
                "location_dest_id": ward.id,
                # Without it the move goes to the default destination of the operation type.
                "location_dest_from_rule": True,
                "warehouse_id": self.id,
                "company_id": self.company_id.id,
            }
        )
