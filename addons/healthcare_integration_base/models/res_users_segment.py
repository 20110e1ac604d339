# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

BASE = "healthcare_integration_base"
SEGMENT_GROUPS = {
    "clinical": f"{BASE}.group_segment_clinical",
    "enterprise": f"{BASE}.group_segment_enterprise",
}
ALL = [(1, "=", 1)]


class ResUsers(models.Model):
    """Which segments people see: the domains of our record rules."""

    _inherit = "res.users"

    def _hc_hidden_segments(self):
        """Segments that the user does not see. The rules are for people with a role of ours: a
        system's user sees its own system by rules of its own, and others have no right on our
        models that a rule could narrow."""
        self.ensure_one()
        if self.is_hc_system or not self.has_group(f"{BASE}.group_integration_viewer"):
            return []
        return [name for name, group in SEGMENT_GROUPS.items() if not self.has_group(group)]

    def _hc_segment_domain(self, path, optional=False):
        """Records whose system, or lane, is of a segment that the user sees.

        :param path: to what has the segment; empty for the record itself
        :param optional: a record that leads to none is everybody's
        """
        hidden = self._hc_hidden_segments()
        if not hidden:
            return ALL
        seen = [name for name in SEGMENT_GROUPS if name not in hidden]
        leaf = (f"{path}.segment" if path else "segment", "in", seen)
        return ["|", (path.partition(".")[0], "=", False), leaf] if optional else [leaf]

    def _hc_segment_free(self, lines, path):
        """Records none of whose lines is about a segment that the user does not see.

        :param lines: field of the lines
        :param path: from a line to what has the segment
        """
        hidden = self._hc_hidden_segments()
        return [(lines, "not any", [(f"{path}.segment", "in", hidden)])] if hidden else ALL
