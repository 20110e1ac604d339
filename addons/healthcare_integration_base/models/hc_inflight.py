# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcInflight(models.Model):
    """Who is being handled at this moment, and, after a kill, who was (ADR 0003)."""

    _name = "hc.inflight"
    _description = "Messages in Flight"
    _log_access = False

    lane_id = fields.Many2one("hc.lane", required=True, readonly=True, ondelete="cascade")
    shard = fields.Integer(readonly=True)
    message_ids = fields.Json("Message ids", readonly=True)
    started_at = fields.Datetime(readonly=True)
    database_start = fields.Datetime(
        "PostgreSQL's start", readonly=True, help="Tells an outage of PostgreSQL from a kill."
    )

    _shard_idx = models.Index("(lane_id, shard)")
