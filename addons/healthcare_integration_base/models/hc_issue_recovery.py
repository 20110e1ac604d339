# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcIssue(models.Model):
    """Handling many messages of an issue again."""

    _inherit = "hc.issue"

    def action_retry(self):
        """Button: try all waiting messages again, where their channel leaves it to one person."""
        self.check_access("write")
        self.env["hc.message"].search(self._waiting_domain())._check_many_retried()
        return super().action_retry()

    def action_open_runbook(self):
        """Button: the page of the runbook about the issue's error."""
        self.ensure_one()
        self.check_access("read")
        return self.env["hc.runbook"]._open(self.error_code)

    def action_replay(self):
        """Button: the wizard of a replay, for the messages that wait for these issues."""
        self.check_access("write")
        return self.env["hc.replay.prepare"]._open(self._waiting_domain())

    def _waiting_domain(self):
        return [("issue_id", "in", self.ids), ("state", "in", ("review", "dead"))]
