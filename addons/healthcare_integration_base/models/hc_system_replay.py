# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcSystem(models.Model):
    """Having messages of a system handled again."""

    _inherit = "hc.system"

    def action_replay(self):
        """Button: the wizard of a replay, for what has not come to its end of the system."""
        self.check_access("read")
        return self.env["hc.replay.prepare"]._open(
            [("system_id", "in", self.ids), ("state", "in", ("review", "dead", "retry"))]
        )
