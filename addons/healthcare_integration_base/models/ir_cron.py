# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class IrCron(models.Model):
    """Knows which lane it drains, if any."""

    _inherit = "ir.cron"

    hc_lane_id = fields.Many2one("hc.lane", readonly=True, index="btree_not_null")
