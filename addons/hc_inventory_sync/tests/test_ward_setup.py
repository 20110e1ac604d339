# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command

from .common import SupplyCase


class TestWardSetup(SupplyCase):
    def test_location_model(self):
        store = self.warehouse.lot_stock_id
        for ward in (self.icu, self.er):
            self.assertEqual(ward.location_id, self.warehouse.view_location_id)
            self.assertNotIn(
                ward, self.env["stock.location"].search([("id", "child_of", store.id)])
            )
            self.assertEqual(ward.warehouse_id, self.warehouse)
        rules = self.warehouse.hc_ward_route_id.rule_ids
        self.assertEqual(rules.location_dest_id, self.icu + self.er)
        self.assertEqual(rules.location_src_id, store)
        self.assertTrue(all(rules.mapped("location_dest_from_rule")))
        self.assertEqual(self.warehouse.hc_use_location_id.usage, "production")
        self.assertEqual(self.center.location_id.valuation_account_id, self.expense)
        self.assertEqual(self.company.horizon_days, 7)
        self.assertEqual(self.system.site_ids.mapped("location_code"), [False, "ER", "ICU-1"])

    def test_again_adds_only_what_is_missing(self):
        setup = self.env["hc.ward.setup"].create(
            {
                "facility_name": "Main Hospital",
                "facility_code": "MAIN",
                "system_id": self.system.id,
                "warehouse_id": self.warehouse.id,
                "account_id": self.expense.id,
                "product_ids": [Command.set(self.glove.ids)],
                "par_minimum": 5,
                "par_maximum": 10,
                "line_ids": [
                    Command.create({"name": "Emergency", "code": "ER"}),
                    Command.create({"name": "Surgery", "code": "OR-1"}),
                ],
            }
        )
        types = self.env["stock.picking.type"].search_count([])
        wards = setup._set_up()
        setup._set_up()
        self.assertEqual(wards[0], self.er)
        self.assertEqual(len(self.warehouse.hc_ward_route_id.rule_ids), 3)
        self.assertEqual(self.env["stock.picking.type"].search_count([]), types)
        self.assertEqual(len(self.system.site_ids), 4)
        par = self.env["stock.warehouse.orderpoint"].search([("location_id", "in", wards.ids)])
        self.assertEqual(par.mapped("product_max_qty"), [10, 10])

    def test_as_a_stock_manager(self):
        user = self.env["res.users"].create(
            {
                "name": "Store Manager",
                "login": "store-manager",
                "group_ids": [
                    Command.set(
                        (
                            self.env.ref("stock.group_stock_manager")
                            + self.env.ref("healthcare_integration_base.group_integration_operator")
                        ).ids
                    )
                ],
            }
        )
        setup = (
            self.env["hc.ward.setup"]
            .with_user(user)
            .create(
                {
                    "facility_name": "South",
                    "facility_code": "SOUTH",
                    "system_id": self.system.id,
                    "account_id": self.expense.id,
                    "line_ids": [
                        Command.create({"name": "Ward", "code": "W1", "cost_center": "CC-W1"})
                    ],
                }
            )
        )
        self.assertTrue(setup.action_set_up())
        self.assertEqual(len(self.system.site_ids), 5)
