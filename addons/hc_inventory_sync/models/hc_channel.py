# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.exceptions import UserError

ORDERED = "purchase.ordered.v1"


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

    vendor_ids = fields.Many2many(
        "res.partner",
        "hc_channel_vendor_rel",
        "channel_id",
        "partner_id",
        string="Orders to",
        help="Only orders to these vendors are sent. Empty: to all vendors.",
    )

    def _check_complete(self):
        """A supplier is not told what is ordered from others."""
        result = super()._check_complete()
        for channel in self.filtered(lambda one: one.system_id.kind == "supplier"):
            types = channel.message_type_ids.mapped("name")
            if channel.direction == "out" and ORDERED in types and not channel.vendor_ids:
                raise UserError(
                    self.env._("Say which vendor's orders are sent to %s.", channel.system_id.name)
                )
        return result

    def _default_fields(self):
        return super()._default_fields() | {"negative_stock"}

    def _wire_options(self):
        return {**super()._wire_options(), "delivery_meaning": self.delivery_meaning}
