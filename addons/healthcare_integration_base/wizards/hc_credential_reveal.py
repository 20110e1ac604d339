# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcCredentialReveal(models.TransientModel):
    """Shows a new secret once. Its fields have no columns: there is nothing to find later."""

    _name = "hc.credential.reveal"
    _description = "New Secret"

    key_id = fields.Char(string="Key ID", store=False, readonly=True)
    secret = fields.Char(string="Signing secret", store=False, readonly=True)
    bearer = fields.Char(string="Bearer token", store=False, readonly=True)

    @api.model
    def _show(self, issued):
        """:param issued: what ``hc.credential._issue`` returned"""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Copy the new secret now"),
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_key_id": issued.key_id,
                "default_secret": issued.secret,
                "default_bearer": issued.bearer,
            },
        }
