# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError


class HcCredential(models.Model):
    """Credentials that are client certificates: one, or several while one is renewed."""

    _inherit = "hc.credential"

    certificate_ids = fields.One2many(
        "hc.credential.certificate", "credential_id", string="Client certificates", copy=False
    )

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"state", "name", "system_id"}:
            self.env["hc.expiry"]._sudo_follow(self.certificate_ids)
        return result

    def unlink(self):
        self.certificate_ids.unlink()
        return super().unlink()

    def _obstacle(self):
        if self.kind == "mtls" and not self.certificate_ids:
            return self.env._("Enter the client certificate, or its SHA-256 fingerprint.")
        return super()._obstacle()

    def _wire_credential(self, system):
        found = super()._wire_credential(system)
        if self.kind != "mtls":
            return found
        ends = {one.thumbprint: one.valid_until or None for one in self.certificate_ids}
        return replace(found, certificates=ends)

    def action_renew(self):
        """Button: enter the next certificate; the present ones end after the overlap."""
        self.ensure_one()
        self.check_access("write")
        if self.kind != "mtls" or self.state != "active":
            raise UserError(self.env._("Only the certificate of an active credential is renewed."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Next certificate"),
            "res_model": "hc.credential.renew",
            "view_mode": "form",
            "target": "new",
            "context": {"default_credential_id": self.id},
        }

    def _renew(self, pem, thumbprint):
        """Take the next certificate, and let the present ones end after the overlap.

        :return: the new certificate
        """
        self.ensure_one()
        self.check_access("write")
        end = fields.Datetime.now() + timedelta(days=self.overlap_days)
        for one in self.certificate_ids:
            one.valid_until = min(one.valid_until or end, end)
        return self.env["hc.credential.certificate"].create(
            {"credential_id": self.id, "pem": pem, "thumbprint": thumbprint}
        )
