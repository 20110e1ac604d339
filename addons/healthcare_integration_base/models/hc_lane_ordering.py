# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcLane(models.Model):
    """How much of what waits in a lane does not go on by itself."""

    _inherit = "hc.lane"

    held_count = fields.Integer(
        string="Of them held",
        compute="_compute_held_count",
        help="Messages that wait behind one of their ordering key that is in review.",
    )

    def _compute_held_count(self):
        held = self.env["hc.message"]._read_group(
            [("lane_id", "in", self.ids), ("blocked_by_id.state", "=", "review")],
            ["lane_id"],
            ["__count"],
        )
        counts = {lane.id: count for lane, count in held}
        for lane in self:
            lane.held_count = counts.get(lane.id, 0)
