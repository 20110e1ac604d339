# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import AccessError

MODES = [
    ("refuse", "Refuse what comes, handle what is here"),
    ("hold", "Accept what comes, handle nothing"),
]


class HcChannel(models.Model):
    """Pausing a channel, and how much may wait on it (ADR 0017)."""

    _inherit = "hc.channel"

    pause_mode = fields.Selection(
        MODES,
        string="While paused",
        readonly=True,
        copy=False,
        help="Refuse: senders get 503 and come back; what was accepted is handled. Accept: "
        "messages are kept and wait until the channel is resumed.",
    )
    pause_reason = fields.Char(
        string="Reason of the pause", readonly=True, copy=False, tracking=True
    )
    paused_by_id = fields.Many2one("res.users", string="Paused by", readonly=True, copy=False)
    paused_at = fields.Datetime(string="Paused since", readonly=True, copy=False)
    is_held = fields.Boolean(compute="_compute_is_held", string="Handling is paused")
    backlog_limit = fields.Integer(
        string="Waiting at most",
        help="When so many messages of this channel wait, its senders get 429, whatever room the "
        "lane has. 0: only the lane's limit holds.",
    )

    _backlog_positive = models.Constraint(
        "CHECK(backlog_limit >= 0)", "A limit of what may wait is not negative."
    )

    @api.depends("state", "pause_mode")
    def _compute_is_held(self):
        for channel in self:
            channel.is_held = channel.state == "paused" and channel.pause_mode == "hold"

    def _wire_channel(self):
        return replace(
            super()._wire_channel(),
            is_held=self.is_held,
            backlog_limit=self.backlog_limit,
            lane_backlog_limit=self.lane_id.backlog_limit,
        )

    def action_ask_pause(self):
        """Button: ask how, and why."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pause %s", self.name),
            "res_model": "hc.channel.pause",
            "view_mode": "form",
            "target": "new",
            "context": {"default_channel_id": self.id},
        }

    def action_pause(self):
        """The sender is told to come back later; nothing is lost."""
        self._pause("refuse", False)

    def _pause(self, mode, reason):
        """Pause, and say who, since when and why.

        :param mode: ``refuse`` or ``hold``, see :data:`MODES`.
        """
        self._step(
            "pause",
            pause_mode=mode,
            pause_reason=reason,
            paused_by_id=self.env.uid,
            paused_at=fields.Datetime.now(),
        )
        self._tell_pause("channel.paused", mode, reason)

    def action_resume(self):
        """Button: accept again, and handle what waits."""
        reasons = {channel.id: (channel.pause_mode, channel.pause_reason) for channel in self}
        self._step(
            "resume", pause_mode=False, pause_reason=False, paused_by_id=False, paused_at=False
        )
        for channel in self:
            channel._tell_pause("channel.resumed", *reasons[channel.id])
        self.env.cr.postcommit.add(self.lane_id._wake)

    def _tell_pause(self, action, mode, reason):
        """To the trail; the reason is a person's own, and says nothing of a message."""
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": mode or "refuse",
                    "object": f"{channel._name},{channel.id}",
                    "system_id": channel.system_id.id,
                    "company_id": channel.company_id.id,
                    "reason": reason or None,
                }
                for channel in self
            ]
        )

    def _check_step_forged(self, vals):
        result = super()._check_step_forged(vals)
        forged = vals.keys() & {"pause_mode", "pause_reason", "paused_by_id", "paused_at"}
        if not self.env.su and any(vals[name] for name in forged):
            raise AccessError(self.env._("A channel is paused by its button."))
        return result
