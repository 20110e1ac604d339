# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_PUNCTUATION = re.compile(r"[\s:]+")


class HcMllpClient(models.Model):
    """A client certificate that may connect to an MLLP port, and whose it is."""

    _name = "hc.mllp.client"
    _description = "MLLP Client Certificate"
    _inherit = ["hc.governed.mixin"]
    _order = "port_id, name, id"

    name = fields.Char(required=True, help="Which machine or program holds the certificate.")
    port_id = fields.Many2one("hc.mllp.port", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="port_id.company_id", store=True, index=True)
    system_id = fields.Many2one(
        "hc.system",
        index=True,
        ondelete="restrict",
        domain="[('is_internal', '=', False)]",
        help="Whose messages come with this certificate. Empty: those of the port's system.",
    )
    fingerprint = fields.Char(
        string="SHA-256 fingerprint",
        required=True,
        help="As openssl x509 -noout -fingerprint -sha256 shows it; colons do not matter.",
    )
    active = fields.Boolean(default=True)

    _fingerprint_uniq = models.UniqueIndex(
        "(port_id, fingerprint)", "The port knows this certificate already."
    )

    @api.constrains("fingerprint")
    def _check_fingerprint(self):
        if not all(FINGERPRINT.fullmatch(client.fingerprint) for client in self):
            raise ValidationError(
                self.env._("A SHA-256 fingerprint has 64 hexadecimal digits; colons are left out.")
            )

    @api.constrains("system_id")
    def _check_system(self):
        if any(client.system_id.is_internal for client in self):
            raise ValidationError(self.env._("Nobody sends in Odoo's own name."))

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._normal(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._normal(vals))

    def _governed_system(self):
        return self.system_id or self.port_id.system_id

    def _normal(self, vals):
        """As it is compared; OpenSSL writes ``sha256 Fingerprint=AB:CD:…``."""
        if not vals.get("fingerprint"):
            return vals
        digits = vals["fingerprint"].rpartition("=")[2]
        return {**vals, "fingerprint": _PUNCTUATION.sub("", digits).lower()}
