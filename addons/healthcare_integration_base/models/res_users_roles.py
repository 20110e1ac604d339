# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.tools import ormcache

ROLE_FIELDS = frozenset({"group_ids", "active", "role"})
SUITE = "healthcare_integration_base"


class ResUsers(models.Model):
    """Who is given a role of the suite, or loses one, is told to the audit trail."""

    _inherit = "res.users"

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        users._tell_roles({})
        return users

    def write(self, vals):
        if not vals.keys() & ROLE_FIELDS:
            return super().write(vals)
        before = self._sudo_roles()
        result = super().write(vals)
        self._tell_roles(before)
        return result

    def unlink(self):
        before = self._sudo_roles()
        result = super().unlink()
        self._tell_roles(before)
        return result

    @api.model
    @ormcache(cache="groups")
    def _sudo_suite_roles(self):
        """External ids of the suite's groups by id; groups of an addon on top count as well,
        where they imply one. Everybody is asked, and hardly anybody may read of groups."""
        domain = ["|", ("module", "=", SUITE), ("module", "=like", r"hc\_%")]
        rows = (
            self.env["ir.model.data"]
            .sudo()
            .search_fetch([("model", "=", "res.groups"), *domain], ["module", "name", "res_id"])
        )
        return {row.res_id: f"{row.module}.{row.name}" for row in rows}

    def _sudo_roles(self):
        """:return: dict of user id to the external ids of its roles; who cannot log in has none"""
        known = self._sudo_suite_roles()
        return {
            user.id: {known[one] for one in user.all_group_ids.ids if one in known}
            for user in self.sudo().exists()
            if user.active
        }

    def _tell_roles(self, before):
        """:param before: what :meth:`_sudo_roles` said of these users before the change"""
        after = self._sudo_roles()
        events = []
        for user in self:
            had, has = before.get(user.id, set()), after.get(user.id, set())
            for action, roles in (("access.granted", has - had), ("access.revoked", had - has)):
                if roles:
                    named = {"object": f"res.users,{user.id}", "roles": sorted(roles)}
                    events.append({"action": action, "outcome": "done", **named})
        self.env["hc.audit.event"]._append(events)
