# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcChannel(models.Model):
    """Who may have many messages of a channel handled again."""

    _inherit = "hc.channel"

    replay_approval = fields.Boolean(
        "Replays are approved",
        tracking=True,
        help="Handling many messages of the channel again needs a second person: a manager who "
        "is not its author, and who sees the dry run.",
    )

    def action_replay(self):
        """Button: the wizard of a replay, for what has not come to its end on the channel."""
        self.check_access("read")
        return self.env["hc.replay.prepare"]._open(
            [("channel_id", "in", self.ids), ("state", "in", ("review", "dead", "retry"))]
        )
