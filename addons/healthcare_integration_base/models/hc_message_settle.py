# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..messaging.errors_outbound import UNSETTLED

SETTLED = {"arrived": "done", "again": "queued", "given_up": "cancelled"}


class HcMessage(models.Model):
    """What a person says about a message of which nobody knows whether it arrived."""

    _inherit = "hc.message"

    is_unsettled = fields.Boolean(
        compute="_compute_is_unsettled",
        help="It was sent, and nobody knows whether it arrived.",
    )

    @api.depends("state", "error_code")
    def _compute_is_unsettled(self):
        for message in self:
            waits = message.state == "review" and message.error_code in UNSETTLED
            message.is_unsettled = message.direction == "out" and (
                message.state == "unknown" or waits
            )

    def action_arrived(self):
        """Button: the receiver has it."""
        self._settle("arrived")

    def action_send_again(self):
        """Button: the receiver does not have it, or takes it once only."""
        self._settle("again")

    def action_give_up(self):
        """Button: neither send it nor count it as delivered."""
        self._settle("given_up")

    def _settle(self, choice):
        self._require_operator()
        unsettled = self.filtered("is_unsettled")
        if not unsettled:
            raise UserError(self.env._("It is known what became of these messages."))
        unsettled._sudo_settle(choice)

    def _sudo_settle(self, choice):
        """The ledger is the engine's to write; people come here through checked buttons."""
        issues = self.issue_id
        state = SETTLED[choice]
        self.env.cr.execute(
            SQL(
                "UPDATE hc_message m SET state = %(state)s, issue_id = NULL, error_code ="
                " CASE WHEN %(final)s THEN error_code END, attempt_count = CASE WHEN %(final)s"
                " THEN attempt_count ELSE 0 END, retry_count = 0, retrying_since = NULL,"
                " next_attempt_at = now() AT TIME ZONE 'UTC',"
                " done_at = CASE WHEN %(final)s THEN now() AT TIME ZONE 'UTC' END"
                " FROM (SELECT id, state FROM hc_message WHERE id = ANY(%(ids)s)"
                " AND state IN ('unknown', 'review') ORDER BY id FOR NO KEY UPDATE) AS old"
                " WHERE m.id = old.id"
                " AND NOT EXISTS (SELECT 1 FROM hc_delivery d WHERE d.message_id = m.id)"
                " RETURNING m.id, m.uuid, m.system_id, m.company_id, m.correlation_identifier,"
                " old.state AS state_before",
                state=state,
                final=state != "queued",
                ids=list(self.ids),
            )
        )
        changed = self.env.cr.dictfetchall()
        if not changed:
            raise UserError(self.env._("The receiver is being asked at this moment. Try again."))
        self.invalidate_recordset()
        self.env["hc.message.decision"]._sudo_add(changed, choice, state, None)
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "message.settled",
                    "outcome": state,
                    "object": row["uuid"],
                    "system_id": row["system_id"],
                    "company_id": row["company_id"],
                    "correlation": row["correlation_identifier"],
                    "choice": choice,
                }
                for row in changed
            ]
        )
        issues.sudo()._settle()
        self.env.cr.postcommit.add(self.lane_id.with_env(self.env(su=True))._wake)
