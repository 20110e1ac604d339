# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.fields import Domain


class HcSystem(models.Model):
    """What a register of systems says besides who they are."""

    _name = "hc.system"
    _inherit = ["hc.system", "hc.review.mixin"]

    agreement_reference = fields.Char(
        string="Agreement", tracking=True, help="Number or place of the contract with the provider."
    )
    agreement_end = fields.Date(
        string="Agreement ends",
        tracking=True,
        index=True,
        help="After this day the provider's terms are no longer agreed. Nothing stops by itself.",
    )
    is_agreement_over = fields.Boolean(
        string="Agreement has ended",
        compute="_compute_is_agreement_over",
        search="_search_is_agreement_over",
    )

    @api.depends("agreement_end")
    def _compute_is_agreement_over(self):
        today = fields.Date.context_today(self)
        for system in self:
            system.is_agreement_over = bool(system.agreement_end) and system.agreement_end < today

    def _search_is_agreement_over(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        over = Domain("agreement_end", "!=", False) & Domain("agreement_end", "<", today)
        return Domain.OR(over if one else ~over for one in value)

    def _wire_silent_fields(self):
        return super()._wire_silent_fields() | {"agreement_reference", "agreement_end"}

    @api.model
    def _reviewable(self):
        return Domain("is_internal", "=", False)
