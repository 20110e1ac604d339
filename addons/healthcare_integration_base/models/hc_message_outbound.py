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
    in_flight_since = fields.Datetime("Being sent since", compute="_compute_in_flight_since")

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

    def _sudo_changeable(self, state):
        """What is being sent at this moment has its outcome soon; see the base."""
        changeable = super()._sudo_changeable(state)
        sending = changeable._sudo_deliveries().message_id
        if sending and sending == changeable:
            raise UserError(self.env._("It is being sent at this moment. Try again soon."))
        return changeable - sending

    def _sudo_changed(self):
        """Who waits to hear what became of a message hears of it; see the base."""
        acks.due(self.env, self.ids)
        return super()._sudo_changed()

    def _sudo_deliveries(self):
        """What of these is on its way; viewers have no right on that."""
        ours = self.filtered(lambda message: message.direction == "out")
        if not ours:
            return self.env["hc.delivery"]
        return self.env["hc.delivery"].sudo().search([("message_id", "in", ours.ids)])

    def _compute_in_flight_since(self):
        since = {one.message_id.id: one.started_at for one in self._sudo_deliveries()}
        for message in self:
            message.in_flight_since = since.get(message.id, False)
