# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.tools import ormcache


class HcSystem(models.Model):
    """What the door knows of callers who name no key id: certificates and access tokens."""

    _inherit = "hc.system"

    @api.model
    @ormcache()
    def _wire_identities(self):
        """Credentials by what their callers show; see ``CredentialConfig.identities``."""
        found = {}
        credentials = self._wire_config().values()
        # A client that was revoked may be known again by a new credential, which counts then.
        for credential in sorted(credentials, key=lambda one: (not one.revoked, one.id)):
            found.update(dict.fromkeys(credential.identities, credential))
        return found

    @api.model
    @ormcache()
    def _wire_issuers(self):
        """Identity providers by issuer."""
        return self._sudo_wire_issuers()

    def _sudo_wire_issuers(self):
        """The door asks before anybody is known; the value never leaves the server."""
        issuers = self.env["hc.token.issuer"].sudo().search([])
        return {one.issuer: one._wire_issuer() for one in issuers}
