# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import Counter

from odoo import api, fields, models

from ..messaging.errors import spec
from .hc_message import STATES

LOOK_AGAIN = 1000
"""How many plans that wait for their counterpart are looked at again at once."""
OPEN = ("received", "retry")
GOOD = ("done", "duplicate", "superseded")


class HcShadowPlan(models.Model):
    """What would have come of a message on trial, and how that compares with what another
    channel has done about the same fact. Written by the engine; nobody has write access."""

    _name = "hc.shadow.plan"
    _description = "Planned Outcome"
    _order = "id desc"
    _log_access = False
    _rec_name = "message_id"

    create_date = fields.Datetime("Planned", readonly=True)
    message_id = fields.Many2one("hc.message", required=True, readonly=True, ondelete="cascade")
    channel_id = fields.Many2one(
        "hc.channel", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    state = fields.Selection(STATES, "Would be", readonly=True)
    error_code = fields.Char("Error", readonly=True)
    error_title = fields.Char(compute="_compute_error_title")
    effects = fields.Json(readonly=True, help="Role, model and digest of each.")
    followup = fields.Json(readonly=True)
    replies = fields.Json(readonly=True)
    summary = fields.Char("Would have made", compute="_compute_summary")
    comparison = fields.Selection(
        [
            ("none", "Not compared"),
            ("waiting", "Not come yet"),
            ("same", "Same"),
            ("different", "Different"),
        ],
        default="none",
        required=True,
        readonly=True,
        help="Compared with what the other channel has done about the same fact.",
    )
    counterpart_id = fields.Many2one(
        "hc.message", "Compared with", readonly=True, ondelete="set null", index="btree_not_null"
    )
    differences = fields.Json("Differences by effect", readonly=True)
    differences_text = fields.Char("Differences", compute="_compute_differences_text")

    _message_uniq = models.UniqueIndex("(message_id)")
    _waiting_idx = models.Index("(channel_id, id) WHERE comparison = 'waiting'")

    def _compute_error_title(self):
        for plan in self:
            plan.error_title = spec(plan.error_code).title if plan.error_code else False

    @api.depends("effects", "replies", "followup")
    def _compute_summary(self):
        for plan in self:
            made = Counter(plan._model_name(one["model"]) for one in plan.effects or [])
            sent = Counter(plan.replies or [])
            told = [f"{number} × {name}" for name, number in made.items()]
            told += [self.env._("%(n)s × send %(type)s", n=n, type=t) for t, n in sent.items()]
            told += [self.env._("follow-up: %s", kind) for kind in plan.followup or []]
            plan.summary = ", ".join(told)

    def _model_name(self, model):
        return self.env["ir.model"]._get(model).name or model

    @api.depends("differences")
    def _compute_differences_text(self):
        titles = {
            "state": self.env._("another outcome: %(planned)s here, %(actual)s there"),
            "missing": self.env._("not here: %(actual)s"),
            "extra": self.env._("only here: %(planned)s"),
            "content": self.env._("another content: %(planned)s"),
        }
        for plan in self:
            told = [
                titles[one["what"]]
                % {"planned": one.get("planned") or "–", "actual": one.get("actual") or "–"}
                for one in plan.differences or []
            ]
            plan.differences_text = "; ".join(told)

    def action_open_counterpart(self):
        """Button: the message of the other channel."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "hc.message",
            "res_id": self.counterpart_id.id,
            "view_mode": "form",
        }

    # ------------------------------------------------------------------ keeping

    @api.model
    def _sudo_keep(self, plans):
        """Keep what was planned; nobody has the right to write it.

        :param plans: :class:`..engine.shadow.Plan` by message id; one that was planned before
            is planned anew
        """
        messages = self.env["hc.message"].sudo().browse(plans)
        self.sudo().search([("message_id", "in", messages.ids)]).unlink()
        made = self.sudo().create([self._values(one, plans[one.id]) for one in messages])
        made._compare()
        for channel in messages.channel_id:
            self._sudo_compare_waiting(channel)

    def _values(self, message, plan):
        return {
            "create_date": fields.Datetime.now(),
            "message_id": message.id,
            "channel_id": message.channel_id.id,
            "company_id": message.company_id.id,
            "state": plan.state,
            "error_code": plan.error_code,
            "effects": plan.effects,
            "followup": plan.followup,
            "replies": plan.replies,
        }

    # ------------------------------------------------------------------ comparing

    @api.model
    def _sudo_compare_waiting(self, channel):
        """Plans whose fact had not come over the other channel; see :meth:`_sudo_keep`."""
        domain = [("channel_id", "=", channel.id), ("comparison", "in", ("waiting", "none"))]
        if channel.sudo().compare_channel_id:
            self.sudo().search(domain, order="id", limit=LOOK_AGAIN)._compare()

    def _compare(self):
        """Find the counterpart of each, and say how the two differ."""
        for other, plans in self.grouped(lambda one: one.channel_id.compare_channel_id).items():
            if other:
                found = plans._counterparts(other)
                for plan in plans:
                    plan.write(plan._compared(found.get(plan.message_id.business_key)))

    def _counterparts(self, channel):
        """The last message of another channel for each business key."""
        keys = [key for key in self.mapped("message_id.business_key") if key]
        domain = [("channel_id", "=", channel.id), ("business_key", "in", keys)]
        messages = self.env["hc.message"].search(domain, order="id")
        return {message.business_key: message for message in messages}

    def _compared(self, other):
        """:return: values of the comparison with a message, or with none"""
        if not self.message_id.business_key:
            return {"comparison": "none"}
        if other is None or other.state in OPEN:
            return {"comparison": "waiting", "counterpart_id": other and other.id}
        differences = self._differences(other)
        return {
            "comparison": "different" if differences else "same",
            "counterpart_id": other.id,
            "differences": differences or False,
        }

    def _differences(self, other):
        """A plan that would be a duplicate says that the fact is there, with the same content:
        the handler has compared it."""
        if self.state == "duplicate" and other.state in GOOD:
            return []
        if self.state != other.state or (self.error_code or "") != (other.error_code or ""):
            said = [one.error_code or one.state for one in (self, other)]
            return [{"what": "state", "planned": said[0], "actual": said[1]}]
        return self._effect_differences(other)

    def _effect_differences(self, other):
        here = {one["role"]: one for one in self.effects or []}
        there = {one.role: one for one in other.effect_ids}
        found = [
            {"what": "missing", "actual": f"{role} ({there[role].res_model})"}
            for role in there.keys() - here.keys()
        ]
        found += [
            {"what": "extra", "planned": f"{role} ({here[role]['model']})"}
            for role in here.keys() - there.keys()
        ]
        found += [
            {"what": "content", "planned": role}
            for role in here.keys() & there.keys()
            if not self._is_same_effect(here[role], there[role])
        ]
        return sorted(found, key=str)

    def _is_same_effect(self, planned, actual):
        if planned["model"] != actual.res_model:
            return False
        digests = planned.get("digest"), actual.content_digest
        return not all(digests) or digests[0] == digests[1]
