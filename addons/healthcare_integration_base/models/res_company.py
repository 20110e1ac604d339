# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        """Telephone numbers without a country code are dialled from the company's country, which
        the web door knows from its cached configuration."""
        result = super().write(vals)
        if "country_id" in vals:
            self.env.registry.clear_cache()
        return result
