# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcHandlerChargeCaptured(models.AbstractModel):
    """A service was charged, or a charge is taken back."""

    _name = "hc.handler.charge.captured"
    _inherit = "hc.handler.charge"
    _description = "Charge Captured"
