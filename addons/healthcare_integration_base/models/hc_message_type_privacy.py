# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcMessageType(models.Model):
    """What a contract pseudonymizes has a key that can be replaced."""

    _inherit = "hc.message.type"

    @api.model_create_multi
    def create(self, vals_list):
        types = super().create(vals_list)
        self.env["hc.pseudonym.key"]._sudo_ensure(types)
        return types

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"contract_module", "contract_path"}:
            self.env["hc.pseudonym.key"]._sudo_ensure(self)
        return result
