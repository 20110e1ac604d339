# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import new_test_user, tagged

from odoo.addons.healthcare_integration_base.tests.tour_case import TourCase

from .common import SupplyCase

BASE = "healthcare_integration_base"


@tagged("post_install", "-at_install")
class TestTours(TourCase, SupplyCase):
    """An item is mapped, its use is followed to the transfer and back, wards are set up."""

    def test_operator_maps_an_item(self):
        new_test_user(self.env, "hc.operator", f"{BASE}.group_integration_operator")
        self.env["product.product"].create({"name": "Tour Gown", "is_storable": True})
        message = self.consume(self.line("GOWN"))
        self.drain()
        self.assertReview(message, "unmapped_item")
        self.walk("hc_operator_maps_an_item", "integration-review", "hc.operator")
        self.env.invalidate_all()
        self.drain()
        self.assertEqual(message.state, "done")
        self.assertEqual(self.moves(message).product_id.name, "Tour Gown")

    def test_from_transfer_to_message_and_back(self):
        groups = f"{BASE}.group_integration_viewer,stock.group_stock_user"
        new_test_user(self.env, "hc.stock", groups)
        message = self.consume(self.line("GLOVE", 3))
        self.drain()
        picking = self.moves(message).picking_id
        path = f"action-stock.action_picking_tree_all/{picking.id}"
        self.walk("hc_from_transfer_to_message_and_back", path, "hc.stock")

    def test_manager_sets_up_wards(self):
        groups = f"{BASE}.group_integration_operator,stock.group_stock_manager"
        new_test_user(self.env, "hc.stock.manager", groups)
        self.walk("hc_manager_sets_up_wards", "inventory", "hc.stock.manager")
        sites = self.system.site_ids.filtered(lambda site: site.facility_code == "TOUR")
        self.assertEqual(sites.mapped("location_code"), [False, "W-1"])
        ward = sites.location_id
        self.assertEqual(ward.warehouse_id.name, "Tour Campus")
