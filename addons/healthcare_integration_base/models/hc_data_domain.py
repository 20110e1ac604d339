# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcDataDomain(models.Model):
    """What data are about: items, vendors, charges. Addons bring theirs; contracts name them."""

    _name = "hc.data.domain"
    _description = "Data Domain"
    _inherit = ["hc.governed.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="As contracts name it: x-hc-data-domain.")
    description = fields.Text(translate=True)
    active = fields.Boolean(default=True)
    ownership_ids = fields.One2many("hc.ownership", "domain_id")
    type_names = fields.Char("Message types", compute="_compute_type_names")

    _code_uniq = models.UniqueIndex("(code)", "A domain with this code exists already.")

    @api.depends("code")
    def _compute_type_names(self):
        by_code = {}
        for one in self.env["hc.message.type"].search([]):
            by_code.setdefault(one.data_domain, []).append(one.name)
        for domain in self:
            domain.type_names = ", ".join(by_code.get(domain.code, ()))
