# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models

from ..engine.slots import slot


class HcLane(models.Model):
    """One segment never has all cron workers of a server, so that it cannot starve the other."""

    _inherit = "hc.lane"

    @api.model
    def _cron_drain(self, lane_id):
        """Where the segment has its share of workers at work, the signal stays, and whoever of
        them is done next has the lane drained."""
        segment = self.browse(lane_id).segment
        with slot(self.env.cr, segment) as had:
            if had:
                super()._cron_drain(lane_id)
        if had:
            turned_away = [("segment", "=", segment), ("signalled", "=", True)]
            self.search(turned_away)._start_drains()
