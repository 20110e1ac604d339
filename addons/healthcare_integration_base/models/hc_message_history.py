# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models, tools

from .hc_message import STATES
from .hc_message_decision import ACTIONS


class HcMessageHistory(models.Model):
    """The story of one message: when it came, each try, and what people decided about it."""

    _name = "hc.message.history"
    _description = "History of a Message"
    _auto = False
    _order = "moment desc, rank desc, id desc"
    _rec_name = "event"

    message_id = fields.Many2one("hc.message", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    moment = fields.Datetime("When", readonly=True)
    rank = fields.Integer(readonly=True)
    event = fields.Selection("_selection_event", "What", readonly=True)
    user_id = fields.Many2one("res.users", "Who", readonly=True)
    state_before = fields.Selection(STATES, "From", readonly=True)
    state = fields.Selection(STATES, "To", readonly=True)
    error_code = fields.Char("Error code", readonly=True)
    reason = fields.Char(readonly=True)
    duration_ms = fields.Integer("Took (ms)", readonly=True)
    batch_size = fields.Integer("Batch", readonly=True)

    @api.model
    def _selection_event(self):
        tries = self.env["hc.message.attempt"]._fields["trigger"]._description_selection(self.env)
        return [("received", self.env._("Received")), *tries, *ACTIONS]

    def init(self):
        """Each part is found by the message's own index."""
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            """
            CREATE VIEW hc_message_history AS
            SELECT -m.id AS id, m.id AS message_id, m.company_id, m.create_date AS moment,
                   0 AS rank, 'received' AS event, NULL::int AS user_id,
                   NULL AS state_before,
                   CASE m.direction WHEN 'in' THEN 'received' ELSE 'queued' END AS state,
                   NULL AS error_code, NULL AS reason, NULL::int AS duration_ms,
                   NULL::int AS batch_size
              FROM hc_message m
            UNION ALL
            SELECT a.id * 2, a.message_id, a.company_id, a.started_at, 2, a.trigger, NULL, NULL,
                   a.outcome, a.error_code, NULL, a.duration_ms, a.batch_size
              FROM hc_message_attempt a
            UNION ALL
            SELECT d.id * 2 + 1, d.message_id, d.company_id, d.create_date, 1, d.action,
                   d.user_id, d.state_before, d.state_after, NULL, d.reason, NULL, NULL
              FROM hc_message_decision d
            """
        )
