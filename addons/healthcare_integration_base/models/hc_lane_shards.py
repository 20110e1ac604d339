# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..engine import shards


class HcLane(models.Model):
    """Another number of shards: what waits is spread anew, a key's messages together."""

    _inherit = "hc.lane"

    def write(self, vals):
        before = {lane.id: lane.shard_count for lane in self}
        result = super().write(vals)
        for lane in self:
            if lane.shard_count != before[lane.id]:
                self.env.flush_all()
                shards.spread_anew(self.env.cr, lane.id, lane.shard_count)
                self.env["hc.message"].invalidate_model(["shard"], flush=False)
        return result
