# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcChannel(models.Model):
    """What becomes of messages of an ordering key behind one that cannot go on (ADR 0012)."""

    _inherit = "hc.channel"

    ordering_policy = fields.Selection(
        [("hold", "They wait for it"), ("pass", "They go on")],
        string="Messages behind one in review",
        compute="_compute_ordering_policy",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
        help="Messages with one ordering key (those about one appointment, say) are handled in "
        "order. Where one of them needs a person or waits for its next try, the later ones "
        "wait behind it, or go on without it. They may go on where the newest message wins; "
        "that is what the message types of the channel suggest. A change holds at once, also "
        "for messages that wait.",
    )
    held_count = fields.Integer(
        string="Held by their key",
        compute="_compute_held_count",
        help="Messages that wait behind one of their ordering key that is in review.",
    )

    @api.depends("message_type_ids.newest_wins")
    def _compute_ordering_policy(self):
        """The suggestion of the message types; what somebody has chosen stays."""
        for channel in self:
            types = channel.message_type_ids
            if not channel.ordering_policy or channel.state == "draft":
                newest = types and all(types.mapped("newest_wins"))
                channel.ordering_policy = "pass" if newest else "hold"

    def _compute_held_count(self):
        held = self.env["hc.message"]._read_group(
            [("channel_id", "in", self.ids), ("blocked_by_id.state", "=", "review")],
            ["channel_id"],
            ["__count"],
        )
        counts = {channel.id: count for channel, count in held}
        for channel in self:
            channel.held_count = counts.get(channel.id, 0)

    def write(self, vals):
        result = super().write(vals)
        if "ordering_policy" in vals:
            self.env.cr.postcommit.add(self._sudo_lanes()._wake)
        return result

    def _sudo_lanes(self):
        """What waits may go on now; whoever keeps channels need not see their lanes."""
        return self.sudo().lane_id

    def action_open_held(self):
        """Button: messages that wait behind one of their key."""
        self.ensure_one()
        return {
            **self.action_open_messages(),
            "domain": [("channel_id", "=", self.id), ("blocked_by_id", "!=", False)],
        }
