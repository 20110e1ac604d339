# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcHandlerSupplyConsumed(models.AbstractModel):
    """Stock that a ward has used leaves the ward."""

    _name = "hc.handler.supply.consumed"
    _inherit = "hc.handler.supply"
    _description = "Stock Used"
    _posting = "use"
