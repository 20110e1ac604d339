# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "hc.mastered.mixin"]

    hc_vendor_approved = fields.Boolean(
        "Approved vendor",
        default=True,
        copy=False,
        help="Only approved vendors are chosen by replenishment.",
    )
    hc_vendor_approved_until = fields.Date("Approved until", help="Empty: no limit.")

    def _hc_is_approved(self):
        """A contact of a vendor is approved with the vendor."""
        self.ensure_one()
        vendor = self.commercial_partner_id
        until = vendor.hc_vendor_approved_until
        return vendor.hc_vendor_approved and not (until and until < fields.Date.context_today(self))
