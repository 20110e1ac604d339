# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.fields import Domain

from ..messaging.retention import days_of


class HcChannel(models.Model):
    """What the register of channels takes from elsewhere."""

    _name = "hc.channel"
    _inherit = ["hc.channel", "hc.review.mixin"]

    segment = fields.Selection(related="system_id.segment", store=True)
    environment = fields.Selection(related="system_id.environment", store=True)
    region = fields.Char(related="system_id.region", store=True)
    system_kind = fields.Selection(related="system_id.kind", store=True, string="Kind of system")
    agreement_reference = fields.Char(related="system_id.agreement_reference")
    agreement_end = fields.Date(related="system_id.agreement_end", store=True)
    third_party_terms = fields.Html(related="system_id.third_party_terms")
    retention_days = fields.Integer(
        string="Content kept (days)",
        compute="_compute_retention_days",
        help="Of messages that are done. 0: for ever.",
    )

    @api.depends("retention_rule_ids.days", "retention_rule_ids.state", "company_id")
    def _compute_retention_days(self):
        rules = self.env["hc.retention.rule"].search([])._rules()
        for channel in self:
            place = (channel._origin.id or None, channel.company_id.id or None)
            channel.retention_days = days_of(rules, "done", *place) or 0

    def _review_responsible(self):
        return self.data_owner_id or self.owner_id or self.system_id.owner_id

    @api.model
    def _reviewable(self):
        return Domain("state", "!=", "retired") & Domain("system_id.is_internal", "=", False)
