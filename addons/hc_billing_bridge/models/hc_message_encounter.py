# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcMessage(models.Model):
    """Messages by the pseudonym of their visit: asked where its key was replaced."""

    _inherit = "hc.message"

    _encounter_idx = models.Index(
        "((payload ->> 'encounter')) WHERE (payload ->> 'encounter') IS NOT NULL"
    )
