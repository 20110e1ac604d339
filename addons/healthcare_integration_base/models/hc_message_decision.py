# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from .hc_message import STATES

ACTIONS = [
    ("resumed", "Resumed"),
    ("replayed", "Replayed"),
    ("skipped", "Marked as handled elsewhere"),
    ("cancelled", "Cancelled"),
    ("arrived", "Settled: it arrived"),
    ("again", "Settled: sent again"),
    ("given_up", "Settled: given up"),
    ("accepted", "Accepted although not the owner's"),
]


class HcMessageDecision(models.Model):
    """What a person has decided about a message, and why. Written with the decision itself;
    the audit trail has the same, for managers."""

    _name = "hc.message.decision"
    _description = "Decision About a Message"
    _order = "id desc"
    _log_access = False
    _rec_name = "action"

    create_date = fields.Datetime("When", readonly=True)
    message_id = fields.Many2one(
        "hc.message", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Who", readonly=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    state_before = fields.Selection(STATES, "Before", readonly=True)
    state_after = fields.Selection(STATES, "After", readonly=True)
    reason = fields.Char(readonly=True)
    replay_id = fields.Many2one(
        "hc.replay", readonly=True, ondelete="set null", index="btree_not_null"
    )

    @api.model
    def _sudo_add(self, rows, action, state, reason, replay_id=None):
        """Nobody has write access to what was decided.

        :param rows: dicts of id, company_id and state_before of each message.
        """
        self.env.cr.execute_values(
            "INSERT INTO hc_message_decision (message_id, company_id, user_id, action,"
            " state_before, state_after, reason, replay_id, create_date) VALUES %s",
            [
                (
                    row["id"],
                    row["company_id"],
                    self.env.uid,
                    action,
                    row["state_before"],
                    state,
                    reason or None,
                    replay_id,
                )
                for row in rows
            ],
            template="(%s, %s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC')",
            page_size=1000,
        )
