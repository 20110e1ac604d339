# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcHandlerCharge(models.AbstractModel):
    _inherit = "hc.handler.charge"

    def _record(self, draft, made):
        """A charge that came looks for its appointment, after the batch."""
        if draft.patient:
            draft.item.dirty("appointment_match", {"patient": draft.patient})
        return super()._record(draft, made)
