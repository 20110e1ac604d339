# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

MEMBERS = frozenset({"user_ids", "all_user_ids", "implied_ids", "implied_by_ids"})


class ResGroups(models.Model):
    """Roles of the suite are also given by way of a group: its members, or what it implies."""

    _inherit = "res.groups"

    def write(self, vals):
        if not vals.keys() & MEMBERS:
            return super().write(vals)
        before = self._sudo_people()
        roles = before._sudo_roles()
        result = super().write(vals)
        (before | self._sudo_people())._tell_roles(roles)
        return result

    def _sudo_people(self):
        """Everybody who is in these groups, whoever asks."""
        return self.sudo().with_context(active_test=False).all_user_ids.with_env(self.env)
