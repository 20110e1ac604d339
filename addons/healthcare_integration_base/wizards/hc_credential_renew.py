# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..messaging import client_cert
from ..messaging.pem import PemError


class HcCredentialRenew(models.TransientModel):
    """Asks for the next certificate of a credential."""

    _name = "hc.credential.renew"
    _description = "Next Certificate"

    credential_id = fields.Many2one("hc.credential", required=True, ondelete="cascade")
    overlap_days = fields.Integer(related="credential_id.overlap_days")
    pem = fields.Text(
        string="Certificate (PEM)",
        help="The client's own certificate, without its chain, and never with its private key.",
    )
    thumbprint = fields.Char(
        string="Or its SHA-256 fingerprint",
        help="As openssl x509 -noout -fingerprint -sha256 shows it; colons do not matter.",
    )
    seen = fields.Char(string="That is", compute="_compute_seen")

    @api.depends("pem")
    def _compute_seen(self):
        for renewal in self:
            renewal.seen = renewal._seen() if renewal.pem else False

    def _seen(self):
        try:
            found = client_cert.of_pem(self.pem)
        except PemError as error:
            return str(error)
        return self.env._(
            "%(subject)s, good until %(end)s", subject=found.subject, end=found.not_after.date()
        )

    def action_renew(self):
        """Button: take the certificate."""
        self.ensure_one()
        self.check_access("write")
        if not (self.pem or self.thumbprint):
            raise UserError(self.env._("Enter the certificate or its fingerprint."))
        if not self.pem and not client_cert.FINGERPRINT.fullmatch(
            client_cert.fingerprint(self.thumbprint)
        ):
            raise ValidationError(self.env._("A SHA-256 fingerprint has 64 hexadecimal digits."))
        self.credential_id._renew(self.pem, self.thumbprint)
