# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.hc_change import STEP_NAMES


class HcChangeAsk(models.TransientModel):
    """Asks why a channel or message type takes a step. Whether its user may do it is checked by
    the step itself."""

    _name = "hc.change.ask"
    _description = "Why a Step Is Taken"

    step = fields.Selection(STEP_NAMES, required=True, readonly=True)
    channel_id = fields.Many2one("hc.channel", readonly=True, ondelete="cascade")
    message_type_id = fields.Many2one("hc.message.type", readonly=True, ondelete="cascade")
    reason = fields.Char("Why", required=True)
    sunset_at = fields.Datetime(
        "Sunset",
        help="When senders should have changed. They are told; nothing ends by itself.",
    )
    successor_channel_id = fields.Many2one(
        "hc.channel",
        "Successor",
        compute="_compute_successors",
        store=True,
        readonly=False,
        domain="[('id', '!=', channel_id), ('direction', '=', 'in')]",
    )
    successor_type_id = fields.Many2one(
        "hc.message.type",
        "Successor version",
        compute="_compute_successors",
        store=True,
        readonly=False,
        domain="[('id', '!=', message_type_id)]",
    )
    breaks_senders = fields.Boolean(related="message_type_id.breaks_senders")
    changes_table = fields.Html(compute="_compute_changes_table", sanitize=False)

    @api.depends("channel_id", "message_type_id")
    def _compute_successors(self):
        for ask in self:
            kind = ask.message_type_id
            later = [("code", "=", kind.code), ("version", ">", kind.version)]
            ask.successor_channel_id = ask.channel_id.successor_id
            ask.successor_type_id = kind.successor_id or (
                kind.search([*later, ("state", "in", ("active", "shadow"))], limit=1)
                if kind
                else kind
            )

    @api.depends("channel_id", "message_type_id")
    def _compute_changes_table(self):
        for ask in self:
            ask.changes_table = ask._record().changes_table

    def _record(self):
        self.ensure_one()
        return self.channel_id or self.message_type_id

    def action_confirm(self):
        """Button: take the step."""
        self.ensure_one()
        self.check_access("write")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why."))
        self._take()
        return {"type": "ir.actions.act_window_close"}

    def _take(self):
        record, reason = self._record(), self.reason.strip()
        match self.step:
            case "activate":
                record.action_activate(reason)
            case "shadow":
                record.action_shadow(reason)
            case "refuse":
                record.action_refuse(reason)
            case "privacy":
                record.action_approve_privacy(reason)
            case "deprecate":
                successor = self.successor_channel_id or self.successor_type_id
                record.action_deprecate(reason, self.sunset_at, successor.id)
            case "reinstate":
                record.action_reinstate(reason)
            case "retire":
                record.action_retire(reason)
            case "pause":
                record.action_pause(reason)
            case _:
                raise UserError(self.env._("This step asks for no reason."))
