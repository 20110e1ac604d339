# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..charging.reader import ServiceReader


class HcHandlerServiceCompleted(models.AbstractModel):
    """Services of a visit are done: each is a charge."""

    _name = "hc.handler.service.completed"
    _inherit = "hc.handler.charge"
    _description = "Services Completed"
    _reader = ServiceReader
