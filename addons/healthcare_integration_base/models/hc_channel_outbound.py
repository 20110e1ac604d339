# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

ACK_TYPE = "hl7.acknowledged.v1"


class HcChannel(models.Model):
    """Channels that lead outside."""

    _inherit = "hc.channel"

    endpoint_id = fields.Many2one(
        "hc.endpoint",
        domain="[('system_id', '=', system_id)]",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="Where messages of the channel are sent.",
    )
    on_unknown = fields.Selection(
        [
            ("person", "Ask a person"),
            ("ask", "Ask the receiver"),
            ("repeat", "Send again: the receiver takes a message once only"),
        ],
        string="Sent, but not answered",
        default="person",
        required=True,
        tracking=True,
        help="What is done when nobody knows whether a message arrived.",
    )

    @api.depends("direction")
    def _compute_lane_id(self):
        """Slow receivers never hold up what comes in: each direction has lanes of its own."""
        lanes = self.env["hc.lane"].search([])
        for channel in self:
            wanted = (channel.system_id.segment, channel.direction)
            if (channel.lane_id.segment, channel.lane_id.direction) != wanted:
                channel.lane_id = lanes.filtered(
                    lambda lane, wanted=wanted: (lane.segment, lane.direction) == wanted
                )[:1]

    @api.constrains("lane_id", "direction")
    def _check_lane_direction(self):
        for channel in self:
            if channel.lane_id.direction != channel.direction:
                raise ValidationError(
                    self.env._("The lane of %s serves the other direction.", channel.name)
                )

    @api.constrains("endpoint_id", "system_id", "direction", "on_unknown")
    def _check_endpoint(self):
        for channel in self.filtered("endpoint_id"):
            if channel.direction != "out":
                raise ValidationError(self.env._("Only outbound channels have an endpoint."))
            if channel.endpoint_id.system_id != channel.system_id:
                raise ValidationError(self.env._("The endpoint belongs to another system."))
            if channel.on_unknown == "ask" and not channel.endpoint_id.status_url:
                raise ValidationError(
                    self.env._("The receiver can be asked only at the endpoint's status URL.")
                )

    def _check_complete(self):
        result = super()._check_complete()
        for channel in self.filtered(lambda channel: channel.direction == "out"):
            if channel.sync_mode == "scheduled_batch":
                continue
            if not channel.endpoint_id:
                raise UserError(self.env._("%s has no endpoint yet.", channel.name))
            channel._check_sendable()
        return result

    def _check_sendable(self):
        """HL7 v2 is spoken for acknowledgements, everything else leaves as CloudEvents."""
        is_ack = set(self.message_type_ids.mapped("name")) == {ACK_TYPE}
        if self.format != ("hl7v2" if is_ack else "cloudevents"):
            raise UserError(
                self.env._(
                    "Acknowledgements are sent as HL7 v2 on a channel of their own, all other "
                    "messages as CloudEvents."
                )
            )
