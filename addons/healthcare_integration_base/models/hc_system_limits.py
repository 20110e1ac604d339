# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace

from odoo import api, fields, models

from ..messaging.rate import Limit, filled


class HcSystem(models.Model):
    """What a system may send in a time (ADR 0017)."""

    _inherit = "hc.system"

    rate_per_second = fields.Float(
        string="Items per second",
        digits=(16, 2),
        tracking=True,
        help="How many events, HL7 messages or entries of a bundle the system may send a second in "
        "the long run, over all its channels and on all servers together. Senders get 429 "
        "with the time to wait beyond that. 0: no limit.",
    )
    rate_burst = fields.Integer(
        string="At once",
        default=100,
        tracking=True,
        help="How many items may come at once after a time of silence. A batch counts by its "
        "events: what goes beyond is refused item by item, and can be sent again. Every "
        "server process may add a tenth of a second's worth to it.",
    )
    rate_used = fields.Float(
        string="Used now",
        compute="_compute_rate_used",
        help="Part of what may come at once that is used up at this moment.",
    )

    _rate_sound = models.Constraint(
        "CHECK(rate_per_second >= 0 AND rate_burst >= 1)",
        "A rate is not negative, and at least one item may come at once.",
    )

    @api.depends("rate_per_second", "rate_burst")
    def _compute_rate_used(self):
        found = self._sudo_buckets()
        now = self.env.cr.now()
        for system in self:
            bucket, limit = found.get(system.id), system._rate_limit()
            if not limit.holds or not bucket:
                system.rate_used = 0
                continue
            elapsed = (now - bucket.filled_at).total_seconds()
            tokens = filled(limit, bucket.tokens, elapsed)
            system.rate_used = 100 * (1 - max(0, tokens) / limit.capacity)

    def _sudo_buckets(self):
        """The buckets are the engine's; of a system that one may see, one may see this."""
        buckets = self.env["hc.rate.bucket"].sudo().search([("system_id", "in", self.ids)])
        return {bucket.system_id.id: bucket for bucket in buckets}

    def _rate_limit(self):
        return Limit(self.rate_per_second, self.rate_burst)

    def _wire_system(self):
        limits = {"rate_per_second": self.rate_per_second, "rate_burst": self.rate_burst}
        return replace(super()._wire_system(), **limits)
