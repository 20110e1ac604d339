# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models

from ..engine import alarm
from ..engine.trigger import trigger

FITTED = frozenset({"active", "priority", "name", "code", "shard_count", "drainers"})


class HcLane(models.Model):
    """The engine behind the seam: scheduled actions that drain (ADR 0002, 0013).

    One record of ``ir.cron`` never runs twice at the same time, on however many machines.
    So a lane has several of them, which any machine's workers take up.
    """

    _inherit = "hc.lane"

    drainers = fields.Integer(
        default=2,
        help="How many workers at the most drain the lane at the same time, on all machines "
        "together. No more than it has shards. Each needs a cron worker "
        "(max_cron_threads of odoo.conf).",
    )
    cron_ids = fields.One2many(
        "ir.cron",
        "hc_lane_id",
        string="Scheduled actions",
        readonly=True,
        copy=False,
        context={"active_test": False},
    )

    _drainers_positive = models.Constraint(
        "CHECK(drainers BETWEEN 1 AND 32)", "A lane has between 1 and 32 drainers."
    )

    @api.model_create_multi
    def create(self, vals_list):
        lanes = super().create(vals_list)
        lanes._sudo_fit_crons()
        return lanes

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & FITTED:
            self._sudo_fit_crons()
        return result

    def unlink(self):
        # The manager may delete a lane; its scheduled actions are ours and go with it.
        self.sudo().cron_ids.unlink()
        return super().unlink()

    def _sudo_fit_crons(self):
        """As many scheduled actions as are of use. They belong to the engine, not to the
        manager who makes a lane and has no right on ``ir.cron``."""
        for lane in self.sudo():
            wanted = max(1, min(lane.drainers, lane.shard_count))
            crons = lane.cron_ids.sorted("id")
            crons[wanted:].unlink()
            crons[:wanted].write({"active": lane.active, "priority": lane.priority})
            self.env["ir.cron"].sudo().create(
                [lane._cron_values(number) for number in range(len(crons) + 1, wanted + 1)]
            )

    def _cron_values(self, number):
        self.ensure_one()
        suffix = f" ({number})" if number > 1 else ""
        return {
            "name": f"Healthcare Integration: drain lane {self.code}{suffix}",
            "hc_lane_id": self.id,
            "model_id": self.env["ir.model"]._get_id("hc.lane"),
            "state": "code",
            "code": f"model._cron_drain({self.id})",
            "interval_number": 1,
            "interval_type": "minutes",
            "priority": self.priority,
            "user_id": self.env.ref("base.user_root").id,
            "active": self.active,
        }

    def _start_drains(self):
        trigger(self.env["ir.cron"].search([("hc_lane_id", "in", self.ids)]))

    def _start_drains_at(self, moment, seconds):
        """One trigger is enough: whatever runs before sets the next one. An alarm has the
        scheduler look at that time, not up to a minute later."""
        self.ensure_one()
        crons = self.env["ir.cron"].search([("hc_lane_id", "=", self.id)], order="id")
        if not crons or seconds <= 0:
            return
        waiting = [
            ("cron_id", "in", crons.ids),
            ("call_at", ">", moment - timedelta(seconds=seconds)),
            ("call_at", "<=", moment),
        ]
        if not self.env["ir.cron.trigger"].search_count(waiting, limit=1):
            crons[0]._trigger(moment)
        name, key = self.env.cr.dbname, self.id
        self.env.cr.postcommit.add(lambda: alarm.ring_at(name, key, seconds))

    @api.model
    def _cron_drain(self, lane_id):
        """Entry of a scheduled action: woken by a signal, and once a minute as the sweep for
        signals that a crash has swallowed."""
        # Progress is claimed at the start: what a killed worker leaves behind is judged by
        # the in-flight row, message by message, never by the scheduler's own time-out
        # counter, which would pause the whole lane.
        self.env["ir.cron"]._commit_progress(1, remaining=0)
        self.browse(lane_id)._drain_in_turn()
