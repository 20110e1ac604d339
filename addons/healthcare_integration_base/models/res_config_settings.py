# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command, fields, models

from .hc_system_environment import PARAMETER
from .res_users_segment import BASE, SEGMENT_GROUPS


class ResConfigSettings(models.TransientModel):
    """What holds for the whole database: its environment, and who sees which traffic."""

    _inherit = "res.config.settings"

    hc_environment = fields.Selection(
        [("production", "Production"), ("test", "Test")],
        string="This database is",
        config_parameter=PARAMETER,
        help="Nothing comes in from systems of the other environment, and nothing goes out to "
        "them. A neutralized copy is always for tests.",
    )
    hc_segments_apart = fields.Boolean(
        string="Keep segments apart",
        compute="_compute_hc_segments_apart",
        inverse="_inverse_hc_segments_apart",
        help="Each user sees the clinical-adjacent or the enterprise traffic as their own "
        "rights say, and not both by being a viewer.",
    )

    def _compute_hc_segments_apart(self):
        self.hc_segments_apart = not self._sudo_implied()

    def _inverse_hc_segments_apart(self):
        for settings in self:
            if settings.hc_segments_apart == bool(self._sudo_implied()):
                self._sudo_keep_apart(settings.hc_segments_apart)

    def _sudo_groups(self):
        groups = [self.env.ref(name) for name in SEGMENT_GROUPS.values()]
        return self.env["res.groups"].sudo().union(*groups)

    def _sudo_implied(self):
        """The groups of segments that are part of Viewer; who opens the settings need not be
        one."""
        viewer = self.env.ref(f"{BASE}.group_integration_viewer").sudo()
        return viewer.implied_ids & self._sudo_groups()

    def _sudo_keep_apart(self, apart):
        """Whoever sees both at this moment goes on to, until somebody takes one away."""
        viewer = self.env.ref(f"{BASE}.group_integration_viewer").sudo()
        groups = self._sudo_groups()
        if apart:
            people = viewer.with_context(active_test=False).all_user_ids
            people.write({"group_ids": [Command.link(group.id) for group in groups]})
        change = Command.unlink if apart else Command.link
        viewer.write({"implied_ids": [change(group.id) for group in groups]})
        self.env["hc.audit.event"]._append(
            [{"action": "segments.apart", "outcome": "on" if apart else "off"}]
        )
