# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcIdentifier(models.Model):
    _inherit = "hc.identifier"

    @api.model
    def _namespace_models(self):
        return {**super()._namespace_models(), "equipment": "maintenance.equipment"}
