# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine.outbound.dispatch import Dispatch


class HcLane(models.Model):
    """Lanes that send instead of handling what came in."""

    _inherit = "hc.lane"

    direction = fields.Selection(
        [("in", "Inbound"), ("out", "Outbound")],
        default="in",
        required=True,
        help="A lane handles what came in, or sends; so that slow receivers never hold up "
        "what comes in.",
    )

    @api.constrains("direction")
    def _check_channels_direction(self):
        for lane in self:
            if any(channel.direction != lane.direction for channel in lane.channel_ids):
                raise ValidationError(self.env._("Channels of the other direction use the lane."))

    def _drain(self, limit=None):
        """See the base: what is due is handled, or sent."""
        self.ensure_one()
        if self.direction == "out":
            return Dispatch(self).run(limit)
        return super()._drain(limit)
