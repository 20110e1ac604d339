# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..messaging import client_cert
from ..messaging.pem import PemError

SERVERS_OWN = frozenset({"subject", "not_before", "not_after", "last_used_at"})


class HcCredentialCertificate(models.Model):
    """A client certificate by which a system proves itself.

    Known by its SHA-256 fingerprint. Where only that is entered, until when the certificate is
    good is learnt when it is first used; it is checked with each request in any case.
    """

    _name = "hc.credential.certificate"
    _description = "Client Certificate of a Credential"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin", "hc.expiring.mixin"]
    _order = "credential_id, id desc"
    _rec_name = "thumbprint"

    credential_id = fields.Many2one(
        "hc.credential",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('kind', '=', 'mtls')]",
    )
    system_id = fields.Many2one(related="credential_id.system_id", store=True, index=True)
    company_id = fields.Many2one(related="credential_id.company_id", store=True, index=True)
    pem = fields.Text(
        string="Certificate (PEM)",
        help="The client's own certificate, without its chain, and never with its private key.",
    )
    thumbprint = fields.Char(
        string="SHA-256 fingerprint",
        required=True,
        help="As openssl x509 -noout -fingerprint -sha256 shows it; colons do not matter. "
        "Filled in where the certificate is entered.",
    )
    subject = fields.Char(readonly=True, copy=False)
    not_before = fields.Datetime(string="Good from", readonly=True, copy=False)
    not_after = fields.Datetime(string="Good until", readonly=True, copy=False)
    valid_until = fields.Datetime(
        string="Taken until", copy=False, help="Empty: as long as the certificate is good."
    )
    expires_at = fields.Datetime(string="Expires", compute="_compute_expires_at", store=True)
    last_used_at = fields.Datetime(string="Last used", readonly=True, copy=False)

    _thumbprint_uniq = models.UniqueIndex(
        "(thumbprint)", "This certificate is that of a credential already."
    )

    def _ungoverned_fields(self):
        return super()._ungoverned_fields() | {"subject", "not_before", "not_after", "last_used_at"}

    @api.depends("not_after", "valid_until")
    def _compute_expires_at(self):
        for one in self:
            ends = [end for end in (one.not_after, one.valid_until) if end]
            one.expires_at = min(ends, default=False)

    @api.constrains("thumbprint")
    def _check_thumbprint(self):
        if not all(client_cert.FINGERPRINT.fullmatch(one.thumbprint) for one in self):
            raise ValidationError(
                self.env._("A SHA-256 fingerprint has 64 hexadecimal digits; colons are left out.")
            )

    @api.constrains("credential_id")
    def _check_kind(self):
        if any(one.credential_id.kind != "mtls" for one in self):
            raise ValidationError(
                self.env._("Certificates belong to credentials of the kind Client certificate.")
            )

    @api.onchange("pem")
    def _onchange_pem(self):
        if self.pem:
            self.update(self._read_pem({"pem": self.pem}))

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._normal(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._normal(vals))

    def _normal(self, vals):
        """As it is compared, with what the certificate itself says."""
        if not self.env.su and vals.keys() & SERVERS_OWN:
            raise UserError(self.env._("What a certificate says is read from it."))
        if vals.get("pem"):
            return self._read_pem(vals)
        if vals.get("thumbprint"):
            return {**vals, "thumbprint": client_cert.fingerprint(vals["thumbprint"])}
        return vals

    def _read_pem(self, vals):
        try:
            found = client_cert.of_pem(vals["pem"])
        except PemError as error:
            raise ValidationError(str(error)) from None
        return {
            **vals,
            "thumbprint": found.thumbprint,
            "subject": found.subject,
            "not_before": found.not_before,
            "not_after": found.not_after,
        }

    def _wire_silent_fields(self):
        return SERVERS_OWN

    def _expiry_fields(self):
        return frozenset({"not_after", "valid_until", "thumbprint", "pem"})

    def _expiries(self):
        credential = self.credential_id
        if credential.state != "active" or not self.not_after:
            return []
        if self.valid_until and self.valid_until <= self.not_after:
            return []  # it was replaced already
        label = f"{credential.name}: {self.subject or self.thumbprint[:16]}"
        return [("certificate", label, self.not_after, credential.system_id)]
