# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcMessage(models.Model):
    """By which files messages came or went."""

    _inherit = "hc.message"

    sync_line_ids = fields.One2many("hc.sync.run.line", "message_id", "Rows of files")
