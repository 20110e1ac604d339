# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcChannelMappingValue(models.Model):
    """What a sender writes, and what the contract expects instead."""

    _name = "hc.channel.mapping.value"
    _description = "Value of a Channel Mapping"
    _inherit = ["hc.mapping.part.mixin"]
    _order = "line_id, id"
    _rec_name = "source"

    line_id = fields.Many2one(
        "hc.channel.mapping.line", required=True, index=True, ondelete="cascade"
    )
    mapping_id = fields.Many2one(related="line_id.mapping_id", store=True, index=True)
    company_id = fields.Many2one(related="line_id.company_id", store=True, index=True)
    source = fields.Char(string="The sender's value", required=True)
    target = fields.Char(string="Ours", required=True)

    _source_uniq = models.UniqueIndex(
        "(line_id, source)", "Each value of the sender is mapped once."
    )

    @api.constrains("source", "target")
    def _check_rule(self):
        self.line_id._check_rules()
