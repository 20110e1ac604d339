# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.tools import SQL

from ..messaging.errors_shadow import SHADOW


class HcMessage(models.Model):
    """Messages that are only planned: those of channels and types on trial."""

    _inherit = "hc.message"

    is_shadow = fields.Boolean(
        "On trial", readonly=True, help="Came to a channel in shadow: planned, and not done."
    )
    shadow_plan_ids = fields.One2many("hc.shadow.plan", "message_id", "Plan", readonly=True)

    def _sudo_end_trial(self):
        """Those of the messages that were only planned, now to be done: unless their channel is
        still on trial, where they are planned anew. The ledger is the engine's to write.

        :return: the messages that had been planned
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE hc_message m SET is_shadow = (c.state = 'shadow')"
                "  FROM hc_channel c WHERE c.id = m.channel_id AND m.id = ANY(%s)"
                "   AND m.state = 'cancelled' AND m.error_code = %s RETURNING m.id",
                list(self.ids),
                SHADOW,
            )
        )
        self.invalidate_recordset()
        return self.browse(row[0] for row in self.env.cr.fetchall())
