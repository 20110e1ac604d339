# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """Requests of machines have no language, website, visitor or sign-up token: what
        other addons prepare for a person's page is not done for them."""
        if rule.endpoint.routing["type"] != "hc":
            return super()._pre_dispatch(rule, args)
        return request.dispatcher.pre_dispatch(rule, args)
