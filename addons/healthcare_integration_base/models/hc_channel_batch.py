# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import ValidationError

BATCH = "scheduled_batch"


class HcChannel(models.Model):
    """What a channel of the catalog has to do with scheduled files: its sync mode decides."""

    _inherit = "hc.channel"

    allow_live = fields.Boolean(
        "Live messages too",
        help="A channel of scheduled files refuses live messages, unless this is set.",
    )
    sync_job_ids = fields.One2many("hc.sync.job", "channel_id", string="Scheduled job")

    @api.constrains("sync_mode", "direction")
    def _check_sync_job(self):
        for channel in self:
            jobs = channel.sudo().with_context(active_test=False).sync_job_ids
            if jobs and channel.sync_mode != BATCH:
                raise ValidationError(
                    self.env._(
                        "%s has a scheduled job, which only scheduled batch has.", channel.name
                    )
                )

    def _wire_channel(self):
        is_only = self.sync_mode == BATCH and not self.allow_live
        return replace(super()._wire_channel(), batch_only=is_only)
