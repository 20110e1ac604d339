# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from ..messaging.backlog import is_full


class HcLane(models.Model):
    """How much may wait in a lane (ADR 0017)."""

    _inherit = "hc.lane"

    backlog_limit = fields.Integer(
        string="Waiting at most",
        default=250000,
        help="When so many messages wait, senders get 429 with the time after which there is room, "
        "by the pace of late, until a fifth of the limit is free again. What was accepted is "
        "kept, and what staff enter in Odoo is always taken. 0: no limit.",
    )
    backlog_ids = fields.One2many("hc.backlog", "lane_id", readonly=True)
    backlog_state = fields.Selection(
        [("open", "Taking messages"), ("busy", "Filling up"), ("full", "Full")],
        string="Intake",
        compute="_compute_backlog_state",
        help="Full: senders are asked to come back. Filling up: more than half of the limit waits.",
    )
    full_since = fields.Datetime(compute="_compute_backlog_state")

    _backlog_positive = models.Constraint(
        "CHECK(backlog_limit >= 0)", "A limit of what may wait is not negative."
    )

    @api.depends("backlog_limit", "waiting_count")
    def _compute_backlog_state(self):
        found = self.env["hc.backlog"].search(
            [("lane_id", "in", self.ids), ("channel_id", "=", False), ("is_full", "=", True)]
        )
        full = {gauge.lane_id: gauge.full_since for gauge in found}
        for lane in self:
            limit, waiting = lane.backlog_limit, lane.waiting_count
            # What was seen as full stays so until somebody sends: free again is free again.
            still = lane in full and is_full(limit, waiting, was_full=True)
            busy = limit and waiting > limit / 2
            lane.backlog_state = "full" if still else "busy" if busy else "open"
            lane.full_since = full.get(lane) if still else False
