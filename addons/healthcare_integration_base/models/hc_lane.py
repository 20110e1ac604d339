# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.drain import Drain
from ..engine.wake import wake_lanes


class HcLane(models.Model):
    """Channels of one segment and priority that are drained together.

    ``_wake`` and ``_drain`` are the engine's seam, ``_start_drains`` is what stands behind
    it: by default scheduled actions (``hc_lane_cron.py``, ADR 0002). Nothing else knows.
    """

    _name = "hc.lane"
    _description = "Processing Lane"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin"]
    _asks_reason = True
    _order = "priority, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, index=True)
    segment = fields.Selection(
        [("clinical", "Clinical-adjacent"), ("enterprise", "Enterprise")],
        default="enterprise",
        required=True,
        help="Clinical-adjacent and enterprise traffic never share a lane, so that one "
        "cannot starve the other.",
    )
    priority = fields.Integer(default=5, help="0 is drained first, 10 last.")
    shard_count = fields.Integer(
        string="Shards",
        default=1,
        help="Messages are spread over this many shards by their ordering key. Messages of "
        "one shard are handled in order. Stock is posted by one writer per company, so "
        "more shards do not make stock faster.",
    )
    batch_limit = fields.Integer(
        string="Batch size",
        default=500,
        help="How many messages at the most are handled in one transaction.",
    )
    signalled = fields.Boolean(readonly=True, copy=False, default=False)
    channel_ids = fields.One2many("hc.channel", "lane_id", string="Channels")
    waiting_count = fields.Integer(compute="_compute_waiting_count", string="Waiting")
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex("(code)", "A lane with this code exists already.")
    _shards_positive = models.Constraint(
        "CHECK(shard_count BETWEEN 1 AND 256)", "A lane has between 1 and 256 shards."
    )
    _batch_positive = models.Constraint(
        "CHECK(batch_limit BETWEEN 1 AND 10000)", "A batch holds between 1 and 10,000 messages."
    )

    def _compute_waiting_count(self):
        counts = dict(
            self.env["hc.message"]._read_group(
                [("lane_id", "in", self.ids), ("state", "in", ("received", "queued", "retry"))],
                ["lane_id"],
                ["__count"],
            )
        )
        for lane in self:
            lane.waiting_count = counts.get(lane, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.env["hc.message"].search_count([("lane_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("A lane that carried messages is archived, not deleted."))

    def _ungoverned_fields(self):
        return super()._ungoverned_fields() | {"signalled"}

    def _wire_silent_fields(self):
        return frozenset({"signalled", "name"})

    def _wake(self):
        """Have these lanes drained soon; callable after the messages are committed."""
        with self.env.registry.cursor() as cr:
            wake_lanes(cr, self.ids, force=True)

    def _start_drains(self):
        """Have ``_drain`` run soon, as often at the same time as the lane has drainers; in
        the caller's transaction. The engine's own, and called by the wake signal alone."""
        raise NotImplementedError

    def _start_drains_at(self, moment, seconds):
        """Have ``_drain`` run at a time to come; in the caller's transaction.

        :param moment: naive UTC, in whole seconds
        :param seconds: how far off that is by the database's clock
        """
        raise NotImplementedError

    def _drain(self, limit=None):
        """Handle due messages until none is left or ``limit`` was reached.

        Several may run at the same time, in any process of any machine: each shard is in
        one hand at a time. The cursor is committed.

        :param limit: how many messages at the most, none for all that are due.
        :return: how many messages were handled.
        """
        self.ensure_one()
        return Drain(self).run(limit)
