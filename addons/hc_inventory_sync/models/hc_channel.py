# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcChannel(models.Model):
    _inherit = "hc.channel"

    negative_stock = fields.Selection(
        [("post_and_raise", "Post, and raise an issue"), ("hold", "Hold the message")],
        string="Stock below zero",
        default="post_and_raise",
        required=True,
        help="What was used was used: by default it is posted, and somebody is told that the "
        "stock in Odoo is wrong.",
    )
    delivery_meaning = fields.Selection(
        [("use", "Use of supplies"), ("transfer", "Transfer to the ward")],
        string="A delivery without patient is",
        default="use",
        required=True,
        help="FHIR SupplyDelivery says that supplies came to a ward, and not whether they "
        "were used there.",
    )

    def _default_fields(self):
        return super()._default_fields() | {"negative_stock"}

    def _wire_options(self):
        return {**super()._wire_options(), "delivery_meaning": self.delivery_meaning}
