# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..engine.slots import slot


class HcLane(models.Model):
    """One segment never has all cron workers of a server, so that it cannot starve the other."""

    _inherit = "hc.lane"

    def _drain_in_turn(self):
        """Drain, if the segment may have one more worker. Where it has its share, the signal
        stays, and whoever of them is done next has the lane drained."""
        self.ensure_one()
        segment = self.segment
        with slot(self.env.cr, segment) as had:
            if had:
                self._drain()
        if had:
            turned_away = [("segment", "=", segment), ("signalled", "=", True)]
            self.search(turned_away)._start_drains()
