# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models
from odoo.fields import Domain

from ..charging.invoicing import Invoicing


class HcFollowupInvoice(models.AbstractModel):
    """Ready charges become lines of draft invoices, those of many visits at once."""

    _name = "hc.followup.invoice"
    _inherit = "hc.followup.handler"
    _description = "Invoice What Is Ready"

    _kind = "invoice"
    _writer = "billing"
    # A chunk keeps other charges of the company waiting, about 30 ms for each invoice.
    _chunk = 100

    def _process(self, keys):
        charges = self.env["hc.charge"].search(
            Domain("company_id", "=", self.env.company.id)
            & Domain("state", "=", "ready")
            & Domain.OR(self._domain(key) for key in keys),
            order="id",
        )
        if charges:
            Invoicing(self.env).post(charges)

    def _domain(self, key):
        return Domain(
            [
                ("encounter", "=", key["encounter"] or False),
                ("patient_id", "=", key["patient"] or False)
                if not key["encounter"]
                else ("id", "!=", False),
                ("payer_id", "=", key["payer"]),
                ("currency_id", "=", key["currency"]),
            ]
        )
