# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..engine.prune import LOCK
from ..messaging.retention import is_pseudonym

SCOPE = (
    "system_id",
    "channel_id",
    "correlation",
    "pseudonym",
    "received_from",
    "received_until",
)


class HcLegalHold(models.Model):
    """Messages that must be kept whatever the rules say, while something is being looked into.

    What is given together narrows the hold. It is in force from the moment it is saved, also
    for messages that come later. Another manager than the one who set it releases it.
    """

    _name = "hc.legal.hold"
    _description = "Legal Hold"
    _inherit = ["hc.governed.mixin", "mail.thread"]
    _history_prefix = "hold"
    _order = "state, id desc"

    name = fields.Char(required=True, tracking=True)
    reason = fields.Text(required=True, tracking=True)
    reference = fields.Char(help="Number of the case or request.")
    state = fields.Selection(
        [("active", "In Force"), ("released", "Released")],
        default="active",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    system_id = fields.Many2one("hc.system", ondelete="restrict")
    channel_id = fields.Many2one(
        "hc.channel",
        ondelete="restrict",
        domain="[('system_id', '=?', system_id)]",
    )
    correlation = fields.Char(help="The correlation identifier of messages that belong together.")
    pseudonym = fields.Char(
        "Subject pseudonym",
        help="As it stands in the content of messages: hcp1_ and 32 characters.",
    )
    received_from = fields.Datetime()
    received_until = fields.Datetime()
    placed_by_id = fields.Many2one("res.users", "Placed by", readonly=True, copy=False)
    placed_at = fields.Datetime("Placed", readonly=True, copy=False)
    release_reason = fields.Char("Reason of the release", copy=False, tracking=True)
    released_by_id = fields.Many2one("res.users", "Released by", readonly=True, copy=False)
    released_at = fields.Datetime("Released", readonly=True, copy=False)

    @api.constrains("name", *SCOPE)
    def _check_scope(self):
        for hold in self:
            if not any(hold[name] for name in SCOPE):
                raise ValidationError(
                    self.env._("Say what is held: a system, a channel, a person or a time.")
                )
            if hold.pseudonym and not is_pseudonym(hold.pseudonym):
                raise ValidationError(
                    self.env._("A pseudonym is hcp1_ and 32 characters, as messages show it.")
                )
            if hold.channel_id and hold.system_id and hold.channel_id.system_id != hold.system_id:
                raise ValidationError(self.env._("The channel belongs to another system."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_forged(vals)
        # No batch that has not seen the hold may be under way when this is committed.
        self.env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        placed = {"placed_by_id": self.env.uid, "placed_at": fields.Datetime.now()}
        holds = super().create([{**vals, **placed} for vals in vals_list])
        holds._trace("hold.placed")
        return holds

    def write(self, vals):
        self._check_forged(vals)
        if not self.env.su and vals.keys() & {*SCOPE, "company_id", "name", "reason"}:
            raise UserError(
                self.env._("A hold is not changed: place another one, and release this one.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A hold is released, not deleted: it is part of the trail."))

    def _check_forged(self, vals):
        """Who placed and released it, and when, is told by the buttons."""
        forged = {"placed_by_id", "placed_at", "released_by_id", "released_at"} & vals.keys()
        if not self.env.su and (forged or vals.get("state", "active") != "active"):
            raise AccessError(self.env._("A hold is released by its button."))

    def action_release(self):
        """Button: the messages follow the retention rules again."""
        self.check_access("write")
        for hold in self:
            if hold.state != "active":
                raise UserError(self.env._("The hold was released already."))
            if not hold.release_reason:
                raise UserError(self.env._("Say why the hold is released."))
            if hold.placed_by_id == self.env.user:
                raise UserError(
                    self.env._("A hold is released by another manager than who placed it.")
                )
        self._sudo_release()
        self._trace("hold.released")

    def _sudo_release(self):
        """The state is closed to plain writes, and open to the checked step above."""
        self.sudo().write(
            {
                "state": "released",
                "released_by_id": self.env.uid,
                "released_at": fields.Datetime.now(),
            }
        )

    def action_open_messages(self):
        """Button: messages that are held, by this hold or by others."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_message"
            ),
            "domain": [("is_on_hold", "=", True), *self._message_domain()],
            "context": {},
        }

    def _message_domain(self):
        pairs = (
            ("company_id", "=", self.company_id.id),
            ("system_id", "=", self.system_id.id),
            ("channel_id", "=", self.channel_id.id),
            ("correlation_identifier", "=", self.correlation),
            ("create_date", ">=", self.received_from),
            ("create_date", "<=", self.received_until),
        )
        return [one for one in pairs if one[2]]

    def _trace(self, action):
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "object": f"{one._name},{one.id}",
                    "system_id": one.system_id.id or None,
                    "company_id": one.company_id.id,
                    "scope": [name for name in SCOPE if one[name]],
                    "reason": one.reason if action == "hold.placed" else one.release_reason,
                }
                for one in self
            ]
        )
