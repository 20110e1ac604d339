# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..messaging import client_cert
from ..messaging.pem import PemError


class HcMllpPort(models.Model):
    """Certificates of a port end."""

    _name = "hc.mllp.port"
    _inherit = ["hc.mllp.port", "hc.expiring.mixin"]

    def _expiry_fields(self):
        return frozenset(
            {"certificate", "certificate_file", "client_ca", "use_tls", "name", "system_id"}
        )

    def _expiries(self):
        if not self.use_tls:
            return []
        held = (("mllp_certificate", self._shown()), ("mllp_ca", self.client_ca))
        return [
            (kind, self.name, end, self.system_id)
            for kind, pem in held
            if (end := client_cert.end_of(pem))
        ]

    def _shown(self):
        """The certificate that clients see; that of a file may be renewed any time, so the
        daily look at the list counts for it."""
        if not self.certificate_file:
            return self.certificate
        try:
            return Path(self.certificate_file).read_text("ascii")
        except (OSError, UnicodeDecodeError):
            return None


class HcMllpClient(models.Model):
    """A client certificate, entered as such: until when it is good is known then."""

    _name = "hc.mllp.client"
    _inherit = ["hc.mllp.client", "hc.expiring.mixin"]

    certificate = fields.Text(
        string="Certificate (PEM)",
        help="Instead of its fingerprint: then you are told before it ends.",
    )
    not_after = fields.Datetime(string="Good until", readonly=True)

    @api.onchange("certificate")
    def _onchange_certificate(self):
        if self.certificate:
            self.update(self._normal({"certificate": self.certificate}))

    def _normal(self, vals):
        if not vals.get("certificate"):
            unknown = {"certificate": False, "not_after": False} if "fingerprint" in vals else {}
            return {**unknown, **super()._normal(vals)}
        try:
            found = client_cert.of_pem(vals["certificate"])
        except PemError as error:
            raise ValidationError(str(error)) from None
        return {**vals, "fingerprint": found.thumbprint, "not_after": found.not_after}

    def _expiry_fields(self):
        return frozenset({"not_after", "certificate", "fingerprint", "name", "active"})

    def _expiries(self):
        if not self.active or not self.not_after:
            return []
        system = self.system_id or self.port_id.system_id
        return [("mllp_client", f"{self.port_id.name}: {self.name}", self.not_after, system)]
