# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from odoo.addons.healthcare_integration_base.engine.item import Fix

from ..master.book import Book
from ..supply.codes import pair

TEXTS = {"name": "name", "vat": "vat", "phone": "phone", "email": "email", "address": "street"}


class HcHandlerVendorUpserted(models.AbstractModel):
    """The vendor master of another system.

    A vendor is recognised by its code, else by its VAT number; only then it is a new one.
    """

    _name = "hc.handler.vendor.upserted"
    _inherit = "hc.handler.master"
    _description = "Vendor Master"

    _record = "res.partner"
    _namespace = "vendor"
    _tolerates = {"/phone": ("drop",), "/email": ("drop",), "/address": ("drop",)}
    _owned_fields = {
        **{name: (field,) for name, field in TEXTS.items()},
        "approved": ("hc_vendor_approved",),
        "approved_until": ("hc_vendor_approved_until",),
    }

    def _book(self, items):
        pairs = {pair(item.data["vendor"]) for item in items if item.data.get("vendor")}
        return Book(self.env, items, self._record, self._namespace, pairs)

    def _alike(self, item, book):
        vat = item.data.get("vat")
        partners = self.env["res.partner"].with_context(active_test=False)
        if not vat:
            return partners
        return partners.search(
            [
                ("vat", "=", vat),
                ("parent_id", "=", False),
                ("company_id", "in", (False, self.env.company.id)),
            ]
        )

    def _values(self, item, book):
        data = item.data
        if not data.get("name") or data.get("approved") is None:
            missing = "/approved" if data.get("name") else "/name"
            item.review("incomplete", detail=missing, fix=Fix("channel"))
            return None
        values = {field: data[name] for name, field in TEXTS.items() if data.get(name)}
        return {
            **values,
            "is_company": True,
            "supplier_rank": 1,
            "hc_vendor_approved": data["approved"],
            "hc_vendor_approved_until": (data.get("approved_until") or "")[:10] or False,
        }
