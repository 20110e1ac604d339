# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

from .hc_message import STATES


class HcMessageAttempt(models.Model):
    """Each try to handle a message. Written by the engine."""

    _name = "hc.message.attempt"
    _description = "Message Attempt"
    _order = "id desc"
    _log_access = False
    _rec_name = "outcome"

    message_id = fields.Many2one(
        "hc.message", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    started_at = fields.Datetime("Started", readonly=True)
    duration_ms = fields.Integer(
        "Duration (ms)", readonly=True, help="Of the whole batch that the message was part of."
    )
    batch_size = fields.Integer(readonly=True)
    trigger = fields.Selection(
        [
            ("arrival", "Arrival"),
            ("retry", "Retry"),
            ("split", "Set apart from a failed batch"),
            ("shadow", "Tried out and taken back"),
        ],
        readonly=True,
    )
    outcome = fields.Selection(STATES, readonly=True)
    error_code = fields.Char("Error", readonly=True)
    worker = fields.Char(readonly=True, help="Machine and process that handled it.")
