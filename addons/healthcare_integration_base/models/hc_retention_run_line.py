# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import fields, models

from ..engine import prune
from .hc_message import STATES


class HcRetentionRunLine(models.Model):
    """What a run did with the messages of one channel in one state."""

    _name = "hc.retention.run.line"
    _description = "Retention Run: Channel and State"
    _order = "id"
    _rec_name = "message_state"

    run_id = fields.Many2one(
        "hc.retention.run", required=True, readonly=True, index=True, ondelete="cascade"
    )
    channel_id = fields.Many2one("hc.channel", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="channel_id.company_id", store=True)
    message_state = fields.Selection(STATES, "State", required=True, readonly=True)
    days = fields.Integer(readonly=True)
    pruned_count = fields.Integer("Deleted", readonly=True)
    held_count = fields.Integer("On legal hold", readonly=True)
    issue_count = fields.Integer("With an open issue", readonly=True)
    needed_count = fields.Integer(
        "Needed by others",
        readonly=True,
        help="Something of the same correlation or ordering key is not finished, or the"
        " message is to be replayed.",
    )
    batch_count = fields.Integer("Batches", readonly=True)
    is_done = fields.Boolean(readonly=True)
    after_at = fields.Datetime(readonly=True)
    after_micros = fields.Integer(readonly=True)
    after_id = fields.Integer(readonly=True)

    def _batch(self, limit=prune.PAGE):
        """Delete the content of one page, in the present transaction."""
        started = self.run_id.started_at
        found = prune.page(
            self.env,
            self.channel_id.id,
            self.message_state,
            started - timedelta(days=self.days),
            self._after(),
            limit,
        )
        self.env["hc.message"]._sudo_prune(found.ids, "retention")
        self.write(self._progress(found))

    def _after(self):
        if not self.after_id:
            return None
        return self.after_at + timedelta(microseconds=self.after_micros), self.after_id

    def _progress(self, found):
        """Odoo cuts moments to the second, and the ledger does not."""
        if found.last is None:
            return {"is_done": True}
        finished, message_id = found.last
        return {
            "pruned_count": self.pruned_count + len(found.ids),
            "held_count": self.held_count + found.on_hold,
            "issue_count": self.issue_count + found.with_issue,
            "needed_count": self.needed_count + found.needed,
            "batch_count": self.batch_count + 1,
            "after_at": finished.replace(microsecond=0),
            "after_micros": finished.microsecond,
            "after_id": message_id,
        }

    def _told(self):
        """What the trail says of this line; nothing where there was nothing to do."""
        told = {
            "deleted": self.pruned_count,
            "held": self.held_count,
            "issue": self.issue_count,
            "needed": self.needed_count,
        }
        if not any(told.values()):
            return None
        return {"channel": self.channel_id.code, "state": self.message_state, **told}
