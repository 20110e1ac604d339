# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcCharge(models.Model):
    """A charge and its invoice line."""

    _inherit = "hc.charge"

    def _invoice_text(self):
        """What charges of one invoice have in common, as a text."""
        return "|".join(str(value) for _name, value in self._invoice_key())

    def _billed_line(self):
        """The line that bills it at present."""
        invoiced = self.filtered(lambda charge: charge.state == "invoiced")
        return invoiced.move_line_id

    def _lose_line(self):
        """The line is gone, or its invoice was cancelled."""
        self.filtered(lambda charge: charge.state == "invoiced").write(
            {"state": "on_hold", "hold_reason": "line_removed"}
        )

    def _find_line(self):
        """The cancelled invoice is a draft again, and nothing else was decided."""
        self.filtered(lambda charge: charge.hold_reason == "line_removed").write(
            {"state": "invoiced", "hold_reason": False}
        )
