# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

OUTBOUND_OPEN = ("queued", "retry", "unknown", "review")


class HcMessage(models.Model):
    """Messages that leave."""

    _inherit = "hc.message"

    endpoint_id = fields.Many2one(related="channel_id.endpoint_id", string="Endpoint")

    _outbound_idx = models.Index(
        "(channel_id, id) WHERE direction = 'out'"
        " AND state IN ('queued', 'retry', 'unknown', 'review')"
    )
    _outbound_key_idx = models.Index(
        "(channel_id, ordering_key, id) WHERE direction = 'out' AND ordering_key IS NOT NULL"
        " AND state IN ('queued', 'retry', 'unknown', 'review')"
    )

    def _sudo_resume(self):
        """What leaves is queued again, what came in is handled again; see the base."""
        outbound = self.filtered(lambda message: message.direction == "out")
        result = super(HcMessage, self - outbound)._sudo_resume()
        if outbound:
            outbound._sudo_set_state("queued", ("review", "dead", "retry"), "message.resumed")
            lanes = outbound.lane_id
            self.env.cr.postcommit.add(lanes.with_env(self.env(su=True))._wake)
        return result
