# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.exceptions import ValidationError

from ..messaging.batch import columns, schedule
from ..messaging.files import names
from .hc_channel_batch import BATCH

TOGETHER = 20_000
"""Rows that can be kept together or not at all."""


class HcSyncJob(models.Model):
    """What must hold for every job."""

    _inherit = "hc.sync.job"

    @api.constrains("channel_id")
    def _check_channel(self):
        for job in self:
            if job.channel_id.sync_mode != BATCH:
                raise ValidationError(
                    self.env._("%s is not a channel of scheduled batch.", job.channel_id.name)
                )

    @api.constrains("transport", "store_id", "pattern", "file_prefix", "direction", "company_id")
    def _check_place(self):
        for job in self.filtered(lambda one: one.transport == "files"):
            if not job.store_id:
                raise ValidationError(self.env._("Choose the file store."))
            if job.store_id.company_id != job.company_id:
                raise ValidationError(self.env._("The file store belongs to another company."))
            name = job.file_prefix if job.direction == "out" else job.pattern
            if not names.is_plain((name or "").replace("*", "x").replace("?", "x")):
                raise ValidationError(self.env._("A file name has no path, and no leading dot."))

    @api.constrains("schedule", "at_time")
    def _check_schedule(self):
        for job in self:
            if job.schedule == "daily" and schedule.clock(job.at_time or "") is None:
                raise ValidationError(self.env._("Enter the time of day as 02:30."))

    @api.constrains(
        "rows_are", "file_format", "message_type_id", "channel_id", "column_ids", "transport"
    )
    def _check_rows(self):
        for job in self:
            if job.rows_are == "events" and job.file_format == "csv":
                raise ValidationError(self.env._("CloudEvents are written as NDJSON or JSON."))
            if job.direction == "out":
                job._check_out()
            elif job.rows_are == "data" and (
                job.message_type_id not in job.channel_id.message_type_ids
            ):
                raise ValidationError(
                    self.env._("Choose the message type of the rows, which the channel takes.")
                )

    def _check_out(self):
        if self.file_format == "csv" and not self.column_ids:
            raise ValidationError(self.env._("Say which columns the file has."))
        if self.file_format == "json" and self.transport == "files":
            raise ValidationError(self.env._("Files for partners are CSV or NDJSON."))

    @api.constrains("identity", "identity_fields", "time_field", "rows_are")
    def _check_identity(self):
        for job in self.filtered(lambda one: one.rows_are == "data" and one.direction == "in"):
            pointers = [*job._id_pointers(), *filter(None, [job.time_field])]
            if job.identity == "fields" and not job._id_pointers():
                raise ValidationError(self.env._("Name the fields by which a row is known."))
            if not all(columns.is_pointer(pointer) for pointer in pointers):
                raise ValidationError(self.env._("Fields are named by pointers: /item/value."))

    @api.constrains("row_policy", "max_rows")
    def _check_together(self):
        for job in self:
            if job.row_policy == "all_or_nothing" and job.max_rows > TOGETHER:
                raise ValidationError(
                    self.env._("All or none is for at most %s rows. Lower the limit.", TOGETHER)
                )
