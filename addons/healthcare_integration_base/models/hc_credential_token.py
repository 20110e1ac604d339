# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .wire_config import TokenBinding


class HcCredential(models.Model):
    """Credentials that are clients of the hospital's identity provider (OAuth 2.0)."""

    _inherit = "hc.credential"

    issuer_id = fields.Many2one(
        "hc.token.issuer",
        string="Identity provider",
        index=True,
        ondelete="restrict",
        help="Whose access tokens are taken for this system.",
    )
    token_claim = fields.Selection(
        [("client", "Client (client_id or azp)"), ("subject", "Subject (sub)")],
        string="Known by",
        default="client",
        required=True,
        help="What in a token says that it is the system's: the client that asked for the token "
        "is what most providers name for machines.",
    )
    token_value = fields.Char(
        string="Value", help="The client id or subject, exactly as the tokens have it."
    )
    token_scopes = fields.Char(
        string="Scopes", help="A token must have all of these, by spaces. Empty: none is asked for."
    )

    _token_uniq = models.UniqueIndex(
        "(issuer_id, token_claim, token_value) WHERE kind = 'oauth' AND state = 'active'",
        "This client of the identity provider is that of an active credential already.",
    )

    @api.constrains("issuer_id", "system_id", "kind")
    def _check_issuer(self):
        """A provider of one hospital does not say who sends for another."""
        for credential in self.filtered(lambda one: one.kind == "oauth"):
            company = credential.issuer_id.company_id
            if company and company != credential.company_id:
                raise ValidationError(
                    self.env._("The identity provider belongs to another company.")
                )

    @api.constrains("token_value", "issuer_id", "is_issued")
    def _check_token(self):
        for credential in self.filtered(lambda one: one.kind == "oauth" and one.is_issued):
            if problem := credential._obstacle():
                raise ValidationError(problem)

    def _obstacle(self):
        if self.kind == "oauth" and not (self.issuer_id and (self.token_value or "").strip()):
            return self.env._("Choose the identity provider, and enter the client or subject.")
        return super()._obstacle()

    def _wire_credential(self, system):
        found = super()._wire_credential(system)
        if self.kind != "oauth":
            return found
        binding = TokenBinding(
            issuer_id=self.issuer_id.id,
            claim=self.token_claim,
            value=(self.token_value or "").strip(),
            scopes=frozenset((self.token_scopes or "").split()),
        )
        return replace(found, token=binding)
