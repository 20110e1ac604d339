# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.exceptions import UserError

from ..engine.outbound import acks


class HcMessage(models.Model):
    """Messages that leave."""

    _inherit = "hc.message"

    application_ack = fields.Json(
        readonly=True,
        groups="healthcare_integration_base.group_integration_operator",
        help="Of an HL7 v2 message whose sender wants to know what became of it (MSH-16): what "
        "the acknowledgement gives back.",
    )
    endpoint_id = fields.Many2one(related="channel_id.endpoint_id", string="Endpoint")

    _outbound_idx = models.Index(
        "(channel_id, id) WHERE direction = 'out'"
        " AND state IN ('queued', 'retry', 'unknown', 'review')"
    )
    _outbound_due_idx = models.Index(
        "(channel_id, next_attempt_at) WHERE direction = 'out'"
        " AND state IN ('queued', 'retry', 'unknown')"
    )
    _outbound_key_idx = models.Index(
        "(channel_id, ordering_key, id) WHERE direction = 'out' AND ordering_key IS NOT NULL"
        " AND state IN ('queued', 'retry', 'unknown', 'review')"
    )

    def _sudo_set_state(self, state, allowed, action, **options):
        """What is being sent at this moment has its outcome soon; see the base."""
        ours = self.filtered(lambda message: message.direction == "out")
        sending = self._sudo_being_sent(ours) if ours else self.browse()
        if sending and sending == self:
            raise UserError(self.env._("It is being sent at this moment. Try again soon."))
        changing = self - sending
        result = super(HcMessage, changing)._sudo_set_state(state, allowed, action, **options)
        acks.due(self.env, changing.ids)
        return result

    def _sudo_being_sent(self, messages):
        """Viewers have no right on what is on its way."""
        way = self.env["hc.delivery"].sudo().search([("message_id", "in", messages.ids)])
        return self & self.browse(way.message_id.ids)

    def _sudo_resume(self):
        """What leaves is queued again, what came in is handled again; see the base."""
        outbound = self.filtered(lambda message: message.direction == "out")
        result = super(HcMessage, self - outbound)._sudo_resume()
        if outbound:
            outbound._sudo_set_state("queued", ("review", "dead", "retry"), "message.resumed")
            lanes = outbound.lane_id
            self.env.cr.postcommit.add(lanes.with_env(self.env(su=True))._wake)
        return result
