# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from ..messaging.errors_outbound import UNSETTLED


class HcIssue(models.Model):
    """Issues about messages of which nobody knows whether they arrived."""

    _inherit = "hc.issue"

    is_unsettled = fields.Boolean(compute="_compute_is_unsettled")
    direction = fields.Selection(related="channel_id.direction")

    @api.depends("error_code", "state")
    def _compute_is_unsettled(self):
        for issue in self:
            issue.is_unsettled = issue.error_code in UNSETTLED and issue.state != "resolved"

    def _resume(self):
        """What may have arrived does not go on by itself: somebody has to say so first."""
        return super(HcIssue, self.filtered(lambda issue: not issue.is_unsettled))._resume()

    def action_arrived(self):
        """Button: the receiver has all that wait."""
        self._unsettled().action_arrived()

    def action_send_again(self):
        """Button: send all that wait once more, with the same numbers."""
        self._unsettled().action_send_again()

    def action_give_up(self):
        """Button: neither send them nor count them as delivered."""
        self._unsettled().action_give_up()

    def _unsettled(self):
        self.check_access("write")
        return self.env["hc.message"].search(
            [("issue_id", "in", self.ids), ("state", "in", ("unknown", "review"))]
        )
