# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models
from odoo.exceptions import UserError


class ResUsersApikeys(models.Model):
    """No key is made for the user of an external system, and none is believed."""

    _inherit = "res.users.apikeys"

    def _generate(self, scope, name, expiration_date):
        if self.env.user._sudo_hc_systems():
            raise UserError(self.env._("The user of an external system has no API key."))
        return super()._generate(scope, name, expiration_date)

    def _check_credentials(self, *, scope, key):
        uid = super()._check_credentials(scope=scope, key=key)
        return None if self.env["res.users"].browse(uid)._sudo_hc_systems() else uid
