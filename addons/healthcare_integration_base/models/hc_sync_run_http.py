# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.exceptions import UserError


class HcSyncRun(models.Model):
    """What a run over HTTP remembers: its place in the source, or that something has left."""

    _inherit = "hc.sync.run"

    transport = fields.Selection(related="job_id.transport")
    endpoint_id = fields.Many2one(related="job_id.endpoint_id")
    page_count = fields.Integer("Pages", readonly=True, default=0)
    pages_seen = fields.Json(readonly=True)
    cursor_before = fields.Char("From cursor", readonly=True)
    cursor = fields.Char("Up to cursor", readonly=True)
    page_cursor = fields.Char("Page in hand", readonly=True)
    next_cursor = fields.Char("Page after it", readonly=True)
    is_last_page = fields.Boolean(readonly=True, default=False)
    is_sent = fields.Boolean(
        "May have arrived",
        readonly=True,
        default=False,
        help="It was sent, and it is not known yet whether it arrived.",
    )

    def _share(self):
        """Nobody knows how many pages follow: of those that were read it is told."""
        if self.transport != "http" or self.direction != "in":
            return super()._share()
        applied = self.accepted_count + self.duplicate_count
        applied += self.conflict_count + self.invalid_count
        return min(100.0 * applied / max(self.staged_count, 1), 99.0)

    def action_retry(self):
        """Button: go on where the run failed."""
        self._require_operator()
        for run in self:
            if run.line_ids.filtered(lambda line: line.state == "unknown"):
                raise UserError(
                    self.env._("Settle its messages: nobody knows whether they arrived.")
                )
        return super().action_retry()
