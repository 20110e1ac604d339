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

    def _agreement_field(self):
        """Name of the field with the end of the agreement, where the catalog has one."""
        return "agreement_end" if "agreement_end" in self._fields else None

    def _expiry_fields(self):
        named = self._agreement_field()
        return frozenset({"name", "active", "owner_id", *([named] if named else [])})

    def _expiries(self):
        named = self._agreement_field()
        end = self[named] if named else False
        if not end or not self.active:
            return []
        return [("agreement", self.name, fields.Datetime.to_datetime(end), self)]

    def unlink(self):
        """What belongs to a system goes with it, by the database alone."""
        self.check_access("unlink")
        self.env["hc.expiry"]._sudo_drop_of(self)
        return super().unlink()

    def action_open_expiries(self):
        """Button: what of the system ends."""
        return self._open_records("action_hc_expiry")
