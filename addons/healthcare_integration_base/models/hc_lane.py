# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.drain import Drain
from ..engine.wake import wake_lanes


class HcLane(models.Model):
    """Channels of one segment and priority that are drained together.

    ``_wake`` and ``_drain`` are the engine's seam: nothing outside of them knows
    that ``ir.cron`` stands behind a lane (ADR 0002).
    """

    _name = "hc.lane"
    _description = "Processing Lane"
    _inherit = ["hc.wire.mixin"]
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
    cron_id = fields.Many2one("ir.cron", string="Scheduled action", readonly=True, copy=False)
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

    @api.model_create_multi
    def create(self, vals_list):
        lanes = super().create(vals_list)
        lanes._sudo_create_crons()
        return lanes

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"active", "priority", "name"}:
            self._sudo_update_crons()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.env["hc.message"].search_count([("lane_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("A lane that carried messages is archived, not deleted."))

    def unlink(self):
        crons = self.cron_id
        result = super().unlink()
        # The manager may delete a lane; its scheduled action is ours and goes with it.
        crons.sudo().unlink()
        return result

    def _sudo_create_crons(self):
        """A lane's scheduled action belongs to the engine, not to the manager who
        makes a lane and has no right on ``ir.cron``."""
        model = self.env["ir.model"]._get("hc.lane")
        for lane in self:
            lane.sudo().cron_id = (
                self.env["ir.cron"]
                .sudo()
                .create(
                    {
                        "name": f"Healthcare Integration: drain lane {lane.code}",
                        "model_id": model.id,
                        "state": "code",
                        "code": f"model._cron_drain({lane.id})",
                        "interval_number": 1,
                        "interval_type": "minutes",
                        "priority": lane.priority,
                        "user_id": self.env.ref("base.user_root").id,
                        "active": lane.active,
                    }
                )
            )

    def _sudo_update_crons(self):
        """Same reason as :meth:`_sudo_create_crons`."""
        for lane in self:
            lane.sudo().cron_id.write({"active": lane.active, "priority": lane.priority})

    @api.model
    def _cron_drain(self, lane_id):
        """Entry of the scheduled action: woken by a signal, and once a minute as the
        sweep for signals that a crash has swallowed."""
        # Progress is claimed at the start: what a killed worker leaves behind is judged by
        # the in-flight row, message by message, never by the scheduler's own time-out
        # counter, which would pause the whole lane.
        self.env["ir.cron"]._commit_progress(1, remaining=0)
        self.browse(lane_id)._drain()

    def _wire_silent_fields(self):
        return frozenset({"signalled", "cron_id", "name"})

    def _wake(self):
        """Have these lanes drained soon; callable after the messages are committed."""
        with self.env.registry.cursor() as cr:
            wake_lanes(cr, self.ids, force=True)

    def _drain(self, limit=None):
        """Handle due messages until none is left or ``limit`` was reached.

        :param limit: how many messages at the most, none for all that are due.
        :return: how many messages were handled.
        """
        self.ensure_one()
        return Drain(self).run(limit)
