# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcErasureLine(models.Model):
    """What held the person, how often, and what became of it."""

    _name = "hc.erasure.line"
    _description = "Erasure: Kind of Record"
    _order = "id"
    _rec_name = "label"

    erasure_id = fields.Many2one(
        "hc.erasure", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="erasure_id.company_id", store=True)
    label = fields.Char("Records", required=True, readonly=True)
    found_count = fields.Integer("Found", readonly=True)
    erased_count = fields.Integer("Erased", readonly=True)
    outcome = fields.Char("What becomes of it", readonly=True)
