# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..messaging.keyring import SealError

OPERATOR = "healthcare_integration_base.group_integration_operator"
OFFICER = "healthcare_integration_base.group_privacy_officer"
MINUTES = 30
EMERGENCY_MINUTES = 15


class HcOriginalAccess(models.Model):
    """Breaking the glass: one person, one message, one reason, some minutes (ADR 0024).

    A privacy officer agrees before; in an emergency the glass breaks at once, and the privacy
    officers are told and say afterwards what they think of it. Records are made and changed by
    the steps only. What is opened goes to the screen of who asked, and is kept nowhere.
    """

    _name = "hc.original.access"
    _description = "Opening of a Sealed Original"
    _inherit = ["mail.thread"]
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    message_id = fields.Many2one(
        "hc.message", required=True, readonly=True, index=True, ondelete="cascade"
    )
    channel_id = fields.Many2one(related="message_id.channel_id")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    reason = fields.Text(required=True, readonly=True)
    is_emergency = fields.Boolean("Emergency", readonly=True)
    state = fields.Selection(
        [
            ("requested", "To be approved"),
            ("granted", "Granted"),
            ("refused", "Refused"),
            ("reviewed", "Reviewed"),
        ],
        default="requested",
        required=True,
        readonly=True,
        index=True,
    )
    requested_by_id = fields.Many2one("res.users", "Requested by", required=True, readonly=True)
    requested_at = fields.Datetime("Requested", required=True, readonly=True)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)
    decided_at = fields.Datetime("Decided", readonly=True)
    granted_until = fields.Datetime("Open until", readonly=True)
    opened_count = fields.Integer("Opened", readonly=True)
    last_opened_at = fields.Datetime("Last opened", readonly=True)
    is_open = fields.Boolean("Can be opened now", compute="_compute_is_open")

    @api.depends("message_id")
    def _compute_name(self):
        for one in self:
            one.name = self.env._("Original of message %s", (one.message_id.uuid or "")[:8])

    @api.depends("granted_until", "requested_by_id")
    @api.depends_context("uid")
    def _compute_is_open(self):
        for one in self:
            one.is_open = not one._obstacle()

    # --------------------------------------------------------------- requesting

    @api.model
    def _check_may_ask(self):
        if not self.env.user.has_group(OPERATOR):
            raise AccessError(self.env._("Only operators may ask for a sealed original."))

    @api.model
    def _request(self, message, reason, is_emergency):
        """Ask for it, or break the glass at once.

        :return: the request
        """
        self._check_may_ask()
        message.check_access("read")
        if not message._sudo_original():
            raise UserError(self.env._("There is no sealed original of this message any more."))
        one = self._sudo_request(message, reason, is_emergency)
        one._trace("original.emergency" if is_emergency else "original.access_requested")
        one._sudo_tell_officers()
        return one

    def _sudo_request(self, message, reason, is_emergency):
        """Records are closed to plain creates, and open to the checked step above."""
        now = fields.Datetime.now()
        until = now + timedelta(minutes=EMERGENCY_MINUTES)
        return (
            self.sudo()
            .create(
                {
                    "message_id": message.id,
                    "company_id": message.company_id.id,
                    "reason": reason,
                    "is_emergency": is_emergency,
                    "requested_by_id": self.env.uid,
                    "requested_at": now,
                    "state": "granted" if is_emergency else "requested",
                    "granted_until": until if is_emergency else False,
                }
            )
            .sudo(False)
        )

    def _sudo_tell_officers(self):
        """All privacy officers of the company, in their inbox; nothing of the message is in
        it. Who asks has no right to look for users."""
        me, group = self.sudo(), self.env.ref(OFFICER).sudo()
        officers = group.all_user_ids.filtered(
            lambda user: user.active and not user.share and me.company_id in user.company_ids
        )
        if me.is_emergency:
            body = self.env._(
                "A sealed original was opened in an emergency, without approval. Please review it."
            )
        else:
            body = self.env._("Somebody asks to open a sealed original. Please decide.")
        me.message_post(
            body=body,
            partner_ids=officers.partner_id.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
        )

    # ----------------------------------------------------------------- deciding

    def action_approve(self):
        """Button: it may be opened for some minutes, by who asked."""
        self._decide("requested")
        until = fields.Datetime.now() + timedelta(minutes=MINUTES)
        self._sudo_set(state="granted", granted_until=until, **self._decided())
        self._trace("original.access_granted")

    def action_refuse(self):
        """Button: it stays closed; of an emergency, what is left of its minutes is taken."""
        self._decide("requested", "granted")
        self._sudo_set(state="refused", granted_until=False, **self._decided())
        self._trace("original.access_refused")

    def action_review(self):
        """Button: a privacy officer has looked at what was opened in an emergency."""
        self._decide("granted")
        if not self.is_emergency:
            raise UserError(self.env._("It was approved before it was opened."))
        self._sudo_set(state="reviewed", **self._decided())
        self._trace("original.emergency_reviewed")

    def _decide(self, *states):
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group(OFFICER):
            raise AccessError(self.env._("Only privacy officers decide about it."))
        if self.requested_by_id == self.env.user:
            raise UserError(self.env._("Somebody else than who asked decides about it."))
        if self.state not in states:
            raise UserError(self.env._("It was decided already."))

    def _decided(self):
        return {"decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()}

    # ------------------------------------------------------------------ opening

    def open_original(self):
        """What the sender wrote, for the screen of who asked. Every opening and every refusal
        is in the trail.

        :return: ``{"text", "size", "until"}``, or ``{"refused": sentence}``
        """
        self.ensure_one()
        self.check_access("read")
        refusal = self._obstacle()
        original = self.message_id._sudo_original()
        if not refusal and not original:
            refusal = "gone"
        text = None
        if not refusal:
            try:
                text = original._opened()
            except SealError:
                refusal = "key_missing"
        if refusal:
            self._trace("original.opened", outcome="refused", why=refusal)
            return {"refused": self._sentence(refusal)}
        self._sudo_set(opened_count=self.opened_count + 1, last_opened_at=fields.Datetime.now())
        self._trace("original.opened", outcome="opened")
        return {
            "text": text,
            "size": original.size,
            "until": fields.Datetime.to_string(self.granted_until),
        }

    def _obstacle(self):
        """Why this user may not open it now; nothing where it may be."""
        if self.requested_by_id != self.env.user:
            return "not_asked"
        if not self.env.user.has_group(OPERATOR):
            return "no_operator"
        if self.state not in ("granted", "reviewed") or not self.granted_until:
            return "not_granted"
        return "over" if fields.Datetime.now() >= self.granted_until else None

    def _sentence(self, refusal):
        return {
            "not_asked": self.env._("Only who asked for it may open it."),
            "no_operator": self.env._("Only operators may open it."),
            "not_granted": self.env._("A privacy officer has not agreed."),
            "over": self.env._("The time for which it was granted is over."),
            "gone": self.env._("Its time is over: the original was deleted."),
            "key_missing": self.env._("It was sealed with a key that is not here any more."),
        }[refusal]

    def _sudo_set(self, **values):
        """Closed to plain writes, and open to the checked steps above."""
        self.sudo().write(values)

    def _trace(self, action, **more):
        message = self.message_id
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": self.state,
                    "object": message.uuid,
                    "user_id": self.env.uid,
                    "system_id": message.system_id.id,
                    "company_id": self.company_id.id,
                    "correlation": message.correlation_identifier or None,
                    "reason": self.reason,
                    "request": self.id,
                    **more,
                }
            ]
        )
