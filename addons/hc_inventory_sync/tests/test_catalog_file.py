# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from odoo.addons.healthcare_integration_base.tests.batch_case import BatchCase

HEADER = "no;name;unit;tracking;in_use;gtin;changed\n"
COLUMNS = {
    "no": "/item/value",
    "name": "/name",
    "unit": "/uom",
    "tracking": "/tracking",
    "in_use": "/active",
    "gtin": "/identifiers/0/value",
}


@tagged("post_install", "-at_install")
class TestCatalogFile(BatchCase):
    """The nightly catalog of a purchasing group, from the file to the products."""

    def setUp(self):
        super().setUp()
        self.kind = self.env.ref("hc_inventory_sync.message_type_item_upserted_v1")
        self.channel = self.make_channel(
            self.system, self.kind, code="items", sync_mode="scheduled_batch"
        )
        columns = [(0, 0, {"name": name, "pointer": to}) for name, to in COLUMNS.items()]
        columns.append((0, 0, {"name": "x", "pointer": "/identifiers/0/system", "default": "gtin"}))
        self.job = self.make_job(delimiter="semicolon", column_ids=columns)

    def night(self, day, *rows):
        path = self.put(f"items-{day}.csv", HEADER + "".join(f"{row}\n" for row in rows))
        self.assertTrue(path.exists())
        run = self.sync(self.job)
        self.drain()
        return run

    def products(self):
        return {
            one.name: one
            for one in self.env["product.product"].search([("hc_told_revision", ">", 0)])
        }

    def test_two_nights(self):
        first = self.night(
            1,
            "1;Glove;{each};none;yes;04012345678901;x",
            "2;Saline;{each};lot;yes;04012345678918;x",
            "3;Spoon;FURLONG;none;yes;04012345678925;x",
            "4;Stent;{each};maybe;yes;04012345678932;x",
        )
        self.assertEqual(
            (first.state, first.accepted_count, first.invalid_count), ("partial", 3, 1)
        )
        self.assertEqual(first.bad_line_ids.detail, "/tracking: enum")
        self.assertEqual(set(self.products()), {"Glove", "Saline"})
        states = first.line_ids.sorted("number").mapped("message_state")
        self.assertEqual(states, ["done", "done", "review", False])
        second = self.night(
            2, "1;Glove;{each};none;yes;04012345678901;x", "2;Salt;{each};lot;no;04012345678918;x"
        )
        states = second.line_ids.sorted("number").mapped("message_state")
        self.assertEqual(states, ["duplicate", "done"])
        self.assertEqual(set(self.products()), {"Glove"})
        self.assertFalse(self.env["product.product"].search([("name", "=", "Saline")]))
