# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcHandlerSupplyReturned(models.AbstractModel):
    """Stock that was not used after all goes back to the ward."""

    _name = "hc.handler.supply.returned"
    _inherit = "hc.handler.supply"
    _description = "Stock Put Back"
    _posting = "return"
