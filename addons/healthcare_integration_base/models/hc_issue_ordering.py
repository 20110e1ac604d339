# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcIssue(models.Model):
    """What else an issue holds up: later messages of the same ordering keys."""

    _inherit = "hc.issue"

    held_count = fields.Integer(
        string="Held up",
        compute="_compute_held_count",
        help="Messages that wait behind one of this issue, because they have its ordering key.",
    )

    def _compute_held_count(self):
        messages = self.env["hc.message"]
        for issue in self:
            issue.held_count = messages.search_count(issue._held_domain())

    def _held_domain(self):
        return [("blocked_by_id.issue_id", "in", self.ids)]

    def action_open_held(self):
        """Button: the messages that wait behind those of this issue."""
        return {**self.action_open_messages(), "domain": self._held_domain()}
