# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

from .hc_credential import SOON


class HcSystem(models.Model):
    """What of a system ends soon."""

    _name = "hc.system"
    _inherit = ["hc.system", "hc.expiring.mixin"]

    expiring_count = fields.Integer(compute="_compute_expiring_count")

    def _compute_expiring_count(self):
        soon = fields.Datetime.now() + SOON
        self._assign_counts("expiring_count", "hc.expiry", [("expires_at", "<=", soon)])

    def _expiry_fields(self):
        return frozenset({"name", "active", "owner_id", "agreement_end"})

    def _expiries(self):
        if not self.agreement_end or not self.active:
            return []
        end = fields.Datetime.to_datetime(self.agreement_end)
        return [("agreement", self.name, end, self)]

    def unlink(self):
        """What belongs to a system goes with it, by the database alone."""
        self.check_access("unlink")
        self.env["hc.expiry"]._sudo_drop_of(self)
        return super().unlink()

    def action_open_expiries(self):
        """Button: what of the system ends."""
        return self._open_records("action_hc_expiry")
