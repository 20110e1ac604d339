# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..messaging.client_cert import end_of


class HcEndpoint(models.Model):
    """Certificates of an endpoint end."""

    _name = "hc.endpoint"
    _inherit = ["hc.endpoint", "hc.expiring.mixin"]

    def _expiry_fields(self):
        return frozenset({"client_certificate", "ca_bundle", "active", "name", "system_id"})

    def _expiries(self):
        if not self.active:
            return []
        held = (
            ("endpoint_certificate", self.client_certificate),
            ("endpoint_ca", self.ca_bundle),
        )
        return [
            (kind, self.name, end, self.system_id) for kind, pem in held if (end := end_of(pem))
        ]
