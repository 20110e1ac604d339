# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcMessageAttempt(models.Model):
    _inherit = "hc.message.attempt"

    @api.model
    def _content_fields(self):
        """Fields that can hold a value of the content; they go with it."""
        return ("error_detail", "detail", "response")
