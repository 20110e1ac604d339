# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

STATES = [
    ("draft", "Draft"),
    ("in_review", "In review"),
    ("shadow", "Shadow"),
    ("active", "Active"),
    ("deprecated", "Deprecated"),
    ("paused", "Paused"),
    ("retired", "Retired"),
]
STEPS = {
    "submit": (("draft",), "in_review"),
    "refuse": (("in_review", "shadow"), "draft"),
    "shadow": (("in_review",), "shadow"),
    "activate": (("in_review", "shadow"), "active"),
    "deprecate": (("active", "deprecated"), "deprecated"),
    "reinstate": (("deprecated",), "active"),
    "pause": (("active", "deprecated"), "paused"),
    "resume": (("paused",), None),
    "retire": (("draft", "in_review", "shadow", "active", "deprecated", "paused"), "retired"),
}
"""From which states a step leads to which one; resuming leads back to where it was."""
IN_USE = ("shadow", "active", "deprecated", "paused")
"""States of what senders may know of."""
APPROVED = ("active", "deprecated")
"""States in which everything is done as usual."""
STAMPS = frozenset(
    {
        "submitted_by_id",
        "submitted_at",
        "approved_by_id",
        "approved_at",
        "changed_by_ids",
        "deprecated_at",
        "sunset_at",
        "retired_at",
        "shadow_at",
        "previous_id",
        "successor_id",
    }
)


class HcLifecycleMixin(models.AbstractModel):
    """The life of a record of the catalog, from draft to retired (ADR 0021).

    Its state changes by steps only. Each step is kept with who, when and why, in the record's
    own history (``hc.change``) and in the audit trail.
    """

    _name = "hc.lifecycle.mixin"
    _description = "Life Cycle of a Record of the Catalog"

    _subject = ""
    """What the audit trail calls it."""
    _audited_elsewhere = frozenset()
    """Steps whose own code tells the audit trail more."""

    state = fields.Selection(
        STATES,
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    submitted_by_id = fields.Many2one("res.users", string="Submitted by", readonly=True, copy=False)
    submitted_at = fields.Datetime(string="Submitted", readonly=True, copy=False)
    approved_by_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False, tracking=True
    )
    approved_at = fields.Datetime(string="Approved", readonly=True, copy=False)
    deprecated_at = fields.Datetime(string="Deprecated since", readonly=True, copy=False)
    sunset_at = fields.Datetime(
        string="Sunset",
        readonly=True,
        copy=False,
        help="When senders should have changed to the successor. They are told in each answer. "
        "Nothing ends by itself: what comes later is taken until a person retires it.",
    )
    retired_at = fields.Datetime(string="Retired", readonly=True, copy=False)
    is_overdue = fields.Boolean(
        string="Sunset is over", compute="_compute_is_overdue", search="_search_is_overdue"
    )

    @api.depends("state", "sunset_at")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for record in self:
            in_use = record.state in ("deprecated", "paused")
            record.is_overdue = bool(in_use and record.sunset_at and record.sunset_at <= now)

    @api.model
    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        return [("state", "in", ("deprecated", "paused")), ("sunset_at", "<=", now)]

    # ------------------------------------------------------------------ guards

    def write(self, vals):
        result = super().write(vals)
        self._sudo_note_author(vals)
        return result

    def _sudo_note_author(self, vals):
        """Who changes what is being looked at is an author of it from then on; the list of
        authors is nobody's to write."""
        changed = {name for name in vals if name in self._fields and self._fields[name].copy}
        reviewed = self.filtered(lambda record: record.state in ("in_review", "shadow"))
        if changed and reviewed and not self.env.su:
            reviewed.sudo().write({"changed_by_ids": [Command.link(self.env.uid)]})

    def _check_step_forged(self, vals):
        """The state changes by its steps only, so that nobody approves their own work."""
        moved = "state" in vals and any(record.state != vals["state"] for record in self)
        forged = moved or vals.keys() & STAMPS or vals.get("state", "draft") != "draft"
        if forged and not self.env.su:
            raise AccessError(self.env._("The state changes by its buttons."))

    def _check_other_person(self):
        """Who has submitted it, or changed it in review, is its author."""
        for record in self:
            authors = record.submitted_by_id | record.sudo().changed_by_ids
            if not self.env.su and self.env.user in authors:
                raise UserError(
                    self.env._("It is approved by somebody else than who submitted or changed it.")
                )

    def _check_complete(self):
        """Whether it may be used, as far as the record itself says; to be extended.

        :raise UserError: names what is missing
        """

    # ----------------------------------------------------------------- buttons

    def action_submit(self):
        """Button: ready to be looked at by somebody else."""
        self._check_complete_to_submit()
        values = {"submitted_by_id": self.env.uid, "submitted_at": fields.Datetime.now()}
        self._step("submit", **values, **self._fresh())

    def action_activate(self, reason=None):
        """Approve, by somebody else than who submitted it.

        :param reason: why; the button asks for it
        """
        self.check_access("write")
        self._check_other_person()
        self._check_complete()
        self._step("activate", reason, **self._approval())

    def action_shadow(self, reason=None):
        """Approve for a trial: what comes is planned, and not done."""
        self.check_access("write")
        self._check_other_person()
        self._check_complete()
        self._step("shadow", reason, **self._approval())

    def action_refuse(self, reason=None):
        """Give it back to its author, also from a trial."""
        self._step("refuse", reason, approved_by_id=False, approved_at=False)

    def action_deprecate(self, reason=None, sunset=None, successor=None):
        """Tell senders in each answer that it is about to go; all is taken as before.

        :param sunset: datetime in UTC at which senders should have changed
        :param successor: id of the record of the same model that takes its place
        """
        now = fields.Datetime.now()
        sunset = fields.Datetime.to_datetime(sunset or False)
        if sunset and sunset <= now:
            raise UserError(
                self.env._("The sunset lies in the future, so that senders can change.")
            )
        for record in self:
            values = {"deprecated_at": record.deprecated_at or now, "sunset_at": sunset or False}
            if successor:
                following = self.browse(successor)
                following.check_access("read")
                values["successor_id"] = following.id
            record._step("deprecate", reason, **values)
            record._sudo_remind()

    def action_reinstate(self, reason=None):
        """Take a deprecation back."""
        self._step("reinstate", reason, deprecated_at=False, sunset_at=False)
        self._sudo_forget_reminder()

    def action_retire(self, reason=None):
        """Accept nothing any more, for good."""
        self._step("retire", reason, retired_at=fields.Datetime.now())
        self._sudo_forget_reminder()

    def action_ask_activate(self):
        """Button: ask why, then approve."""
        return self._ask("activate", self.env._("Approve and activate"))

    def action_ask_shadow(self):
        """Button: ask why, then approve for a trial."""
        return self._ask("shadow", self.env._("Try out in shadow"))

    def action_ask_refuse(self):
        """Button: ask why, then give it back."""
        return self._ask("refuse", self.env._("Give back to its author"))

    def action_ask_deprecate(self):
        """Button: ask why, until when and what comes instead."""
        return self._ask("deprecate", self.env._("Deprecate"))

    def action_ask_reinstate(self):
        """Button: ask why the deprecation is taken back."""
        return self._ask("reinstate", self.env._("Take the deprecation back"))

    def action_ask_retire(self):
        """Button: ask why, then retire."""
        return self._ask("retire", self.env._("Retire"))

    def _ask(self, step, title):
        self.check_access("write")
        return self._wizard(step, title)

    def _wizard(self, step, title):
        """The form that asks why; what may be done is checked by the step."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "hc.change.ask",
            "view_mode": "form",
            "target": "new",
            "context": {"default_step": step, f"default_{self._change_field()}": self.id},
        }

    # ------------------------------------------------------------------- steps

    def _fresh(self):
        """What a submission begins anew."""
        return {"approved_by_id": False, "approved_at": False, "changed_by_ids": [Command.clear()]}

    def _approval(self):
        return {"approved_by_id": self.env.uid, "approved_at": fields.Datetime.now()}

    def _check_complete_to_submit(self):
        """What is asked for already when it is submitted; to be extended."""

    def _step(self, name, reason=None, **values):
        """Change the state, and keep who did it and why.

        :param name: of :data:`STEPS`
        :param values: further fields that belong to the step
        """
        self.check_access("write")
        before, after = STEPS[name]
        if any(record.state not in before for record in self):
            raise UserError(self.env._("It is not in the right state for this."))
        for record in self:
            was = record.state
            state = after or ("deprecated" if record.deprecated_at else "active")
            record._sudo_set_state({"state": state, **values})
            record._note_change(name, was, reason)

    def _note_change(self, name, was, reason):
        """In the record's history and in the audit trail."""
        self.ensure_one()
        reason = (reason or "").strip() or None
        self.env["hc.change"]._sudo_add(self, name, was, reason)
        if name in self._audited_elsewhere:
            return
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": f"{self._subject}.{name}",
                    "outcome": self.state,
                    "object": f"{self._name},{self.id}",
                    "reason": reason,
                    "state_before": was,
                    **self._change_facts(),
                }
            ]
        )

    def _change_field(self):
        """Name of the field of ``hc.change`` and its wizard that names this model."""
        raise NotImplementedError

    def _change_facts(self):
        """What the trail is told of the record beside its id."""
        return {}

    def _sudo_set_state(self, values):
        """The state is closed to plain writes, and open to the checked steps above."""
        self.sudo().write(values)

    # --------------------------------------------------------------- reminders

    def _owner(self):
        """Who is reminded."""
        return self.approved_by_id

    def _sudo_remind(self):
        """An activity for the day of the sunset; its owner may have no right on activities of
        others."""
        record = self.sudo()
        record._sudo_forget_reminder()
        owner = record._owner() or self.env.user
        if record.sunset_at:
            record.activity_schedule(
                "healthcare_integration_base.activity_sunset",
                date_deadline=record.sunset_at.date(),
                user_id=owner.id,
                summary=self.env._("Sunset of %s: who still sends? Retire it", record.display_name),
            )

    def _sudo_forget_reminder(self):
        """See :meth:`_sudo_remind`."""
        kind = self.env.ref("healthcare_integration_base.activity_sunset")
        self.sudo().activity_ids.filtered(lambda one: one.activity_type_id == kind).unlink()
