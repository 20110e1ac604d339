# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..messaging import networks


class HcCredential(models.Model):
    """From where a credential may be used, until when, and how it is followed by the next."""

    _name = "hc.credential"
    _inherit = ["hc.credential", "hc.expiring.mixin"]

    allowed_addresses = fields.Text(
        string="Only from addresses",
        help="One address or network (10.1.2.0/24) on a line; what follows # is a remark. "
        "Empty: from anywhere. Behind a proxy the address is what the proxy says, if it is one "
        "of HC_TRUSTED_PROXIES, else the proxy's own.",
    )
    last_used_from = fields.Char(string="Last used from", readonly=True, copy=False)
    overlap_days = fields.Integer(
        string="Overlap (days)",
        default=7,
        required=True,
        help="How long the old secret or certificate stays good after the next one was made.",
    )
    expires_at = fields.Datetime(
        string="Expires", compute="_compute_expires_at", store=True, copy=False
    )

    _overlap_sound = models.Constraint(
        "CHECK(overlap_days BETWEEN 0 AND 90)", "An overlap lasts 0 to 90 days."
    )

    @api.depends("valid_until", "certificate_ids.expires_at")
    def _compute_expires_at(self):
        """With the last of its certificates a credential ends, if not before."""
        for credential in self:
            ends = credential.certificate_ids.mapped("expires_at")
            last = max(ends) if ends and all(ends) else False
            credential.expires_at = min(filter(None, [credential.valid_until, last]), default=False)

    @api.constrains("allowed_addresses")
    def _check_allowed_addresses(self):
        for credential in self:
            try:
                networks.parse(credential.allowed_addresses or "")
            except ValueError as error:
                raise ValidationError(
                    self.env._("The list of addresses is wrong: %s.", error)
                ) from None

    def _wire_credential(self, system):
        found = super()._wire_credential(system)
        return replace(found, networks=networks.parse(self.allowed_addresses or ""))

    def _expiry_fields(self):
        return frozenset({"valid_until", "state", "name", "system_id", "is_issued"})

    def _expiries(self):
        if self.state != "active" or not self.is_issued or not self.valid_until:
            return []
        return [("credential", self.name, self.valid_until, self.system_id)]
