# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command, fields

from odoo.addons.healthcare_integration_base.tests.common import EngineCase

CONSUMED = "supply.consumed.v1"
RETURNED = "supply.returned.v1"
REQUESTED = "supply.requested.v1"


class SupplyCase(EngineCase):
    """A hospital with a central store, two wards, four items, and a cabinet that sends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.system = cls.make_system("cabinet-test")
        cls._make_items()
        cls._make_wards()
        cls.channel = cls.make_channel(
            cls.system,
            cls.env.ref("hc_inventory_sync.message_type_supply_consumed_v1")
            + cls.env.ref("hc_inventory_sync.message_type_supply_returned_v1")
            + cls.env.ref("hc_inventory_sync.message_type_supply_requested_v1"),
        )

    @classmethod
    def _make_items(cls):
        cls.expense = cls.env["account.account"].search(
            [("account_type", "=", "expense"), ("company_ids", "in", cls.company.id)], limit=1
        )
        cls.category = cls.env["product.category"].create(
            {
                "name": "Ward supplies",
                "property_valuation": "real_time",
                "property_cost_method": "average",
            }
        )
        cls.glove = cls._item("Glove", "GLOVE", standard_price=2.0)
        cls.saline = cls._item(
            "Saline", "SALINE", standard_price=3.0, tracking="lot", use_expiration_date=True
        )
        cls.stent = cls._item("Stent", "STENT", standard_price=500.0, tracking="serial")
        cls.gauze = cls._item("Gauze", None, standard_price=1.0, barcode="0380740000011")
        cls.lot = cls.env["stock.lot"].create(
            {
                "name": "L1",
                "product_id": cls.saline.id,
                "expiration_date": fields.Datetime.add(fields.Datetime.now(), years=1),
            }
        )
        cls.serial = cls.env["stock.lot"].create({"name": "S1", "product_id": cls.stent.id})

    @classmethod
    def _item(cls, name, code, **values):
        product = cls.env["product.product"].create(
            {
                "name": name,
                "is_storable": True,
                "categ_id": cls.category.id,
                **values,
            }
        )
        if code:
            cls.env["hc.identifier"].create(
                {
                    "system_id": cls.system.id,
                    "namespace": "item",
                    "code_system": "local",
                    "value": code,
                    "res_id": product.id,
                }
            )
        return product

    @classmethod
    def _make_wards(cls):
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Cost centers"})
        cls.account = cls.env["account.analytic.account"].create(
            {"name": "Intensive care", "plan_id": cls.plan.id}
        )
        setup = cls.env["hc.ward.setup"].create(
            {
                "facility_name": "Main Hospital",
                "facility_code": "MAIN",
                "system_id": cls.system.id,
                "account_id": cls.expense.id,
                "supply_user_id": cls.env.ref("base.user_admin").id,
                "line_ids": [
                    Command.create(
                        {
                            "name": "Intensive Care",
                            "code": "ICU-1",
                            "cost_center": "CC-ICU",
                            "analytic_account_id": cls.account.id,
                        }
                    ),
                    Command.create({"name": "Emergency", "code": "ER"}),
                ],
            }
        )
        cls.icu, cls.er = setup._set_up()
        cls.warehouse = setup.warehouse_id
        cls.center = cls.env["hc.cost.center"].search([("code", "=", "CC-ICU")])
        for ward in (cls.icu, cls.er):
            cls.stock(cls.glove, ward, 100)
            cls.stock(cls.gauze, ward, 100)
            cls.stock(cls.saline, ward, 50, cls.lot)
        cls.stock(cls.stent, cls.icu, 1, cls.serial)

    @classmethod
    def stock(cls, product, location, quantity, lot=None):
        cls.env["stock.quant"]._update_available_quantity(product, location, quantity, lot_id=lot)

    def on_hand(self, product, location, lot=None):
        domain = [("product_id", "=", product.id), ("location_id", "=", location.id)]
        if lot:
            domain.append(("lot_id", "=", lot.id))
        return sum(self.env["stock.quant"].search(domain).mapped("quantity"))

    @staticmethod
    def line(item="GLOVE", quantity=1, number=1, **values):
        code = item if isinstance(item, dict) else {"system": "local", "value": item}
        return {"line": number, "item": code, "quantity": quantity, **values}

    def use(self, *lines, **values):
        """Data of a use in the intensive care ward, now."""
        return {
            "facility": "MAIN",
            "location": "ICU-1",
            "consumed_at": fields.Datetime.now().isoformat() + "Z",
            "lines": list(lines) or [self.line()],
            **values,
        }

    def consume(self, *lines, event_type=CONSUMED, **values):
        return self.send(self.channel, self.event(self.use(*lines, **values), event_type))

    def moves(self, message):
        ids = message.effect_ids.sorted("role").mapped("res_id")
        return self.env["stock.move"].browse(ids)

    def assertReview(self, message, code):
        self.assertEqual((message.state, message.error_code), ("review", code))
        self.assertFalse(message.effect_ids)
        self.assertEqual(message.issue_id.error_code, code)
