# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from ..messaging.errors import spec

STATES = [
    ("waiting", "Waiting"),
    ("running", "In Work"),
    ("done", "Done"),
    ("duplicate", "Duplicate"),
    ("superseded", "Superseded"),
    ("already", "Was Done Already"),
    ("review", "In Review"),
    ("dead", "Dead"),
    ("rejected", "Rejected"),
    ("skipped", "Skipped"),
    ("cancelled", "Given Up"),
    ("left", "Not Replayed"),
]
REASONS = [
    ("cancelled", "Somebody has given it up"),
    ("rejected", "Was rejected"),
    ("outbound", "Is sent by its own channel"),
    ("retired", "Channel or system is out of use"),
    ("pruned", "Its content was deleted"),
    ("held", "Is on legal hold"),
]


class HcReplayLine(models.Model):
    """One message of a replay, and what became of it. Written by the engine."""

    _name = "hc.replay.line"
    _description = "Message of a Replay"
    _order = "replay_id desc, message_id"
    _log_access = False
    _rec_name = "state"

    replay_id = fields.Many2one("hc.replay", required=True, readonly=True, ondelete="cascade")
    message_id = fields.Many2one("hc.message", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    state = fields.Selection(STATES, "Result", required=True, readonly=True, default="waiting")
    why = fields.Selection(REASONS, "Why not", readonly=True)
    error_code = fields.Char("Error code", readonly=True)
    error_title = fields.Char("Problem", compute="_compute_error_title")
    started_at = fields.Datetime("Started", readonly=True)
    ended_at = fields.Datetime("Ended", readonly=True)
    message_state = fields.Selection(related="message_id.state", string="State of the message")
    message_type_id = fields.Many2one(related="message_id.message_type_id")
    channel_id = fields.Many2one(related="message_id.channel_id")

    _message_once = models.UniqueIndex("(replay_id, message_id)")
    _open_idx = models.Index("(replay_id, state, message_id) WHERE state IN ('waiting', 'running')")
    _running_idx = models.Index("(message_id) WHERE state = 'running'")
    _message_idx = models.Index("(message_id)")

    @api.depends("error_code", "why")
    def _compute_error_title(self):
        reasons = dict(self._fields["why"]._description_selection(self.env))
        for line in self:
            error = spec(line.error_code) if line.error_code else None
            line.error_title = error.title if error else reasons.get(line.why, False)

    def action_open_message(self):
        """Button: the message."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "hc.message",
            "res_id": self.message_id.id,
            "view_mode": "form",
        }
