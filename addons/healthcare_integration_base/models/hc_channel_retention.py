# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcChannel(models.Model):
    _inherit = "hc.channel"

    retention_rule_ids = fields.One2many(
        "hc.retention.rule", "channel_id", string="Retention", copy=True
    )

    def _wire_silent_fields(self):
        """The door does not look at what is deleted later."""
        return super()._wire_silent_fields() | {"retention_rule_ids"}
