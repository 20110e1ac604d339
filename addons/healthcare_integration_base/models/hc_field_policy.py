# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..messaging.digest import canonical, keyed
from ..messaging.field_policy import own_domain

STEPS = frozenset(
    {
        *("version", "author_ids", "submitted_by_id", "approved_by_id"),
        *("approved_at", "retired_at"),
    }
)
OFFICER = "healthcare_integration_base.group_privacy_officer"


class HcFieldPolicy(models.Model):
    """A version of what one channel keeps of its messages: for each field of its contracts
    the same as the contract allows, or less (ADR 0022).

    The version in force is not edited: messages of the ledger name it. A new one starts as a
    copy. Somebody submits it with a reason for each change, and a privacy officer who has not
    written it approves it. To go back to the contract's rules takes a version, too.
    """

    _name = "hc.field.policy"
    _description = "Field Policy"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin", "mail.thread"]
    _order = "channel_id, version desc, id desc"

    channel_id = fields.Many2one("hc.channel", required=True, index=True, ondelete="cascade")
    system_id = fields.Many2one(related="channel_id.system_id", store=True, index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    version = fields.Integer(readonly=True, copy=False, default=0)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("in_review", "In review"),
            ("active", "Active"),
            ("retired", "Retired"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    author_ids = fields.Many2many(
        "res.users", string="Authors", readonly=True, copy=False, help="All who have changed it."
    )
    submitted_by_id = fields.Many2one(
        "res.users", string="Submitted by", readonly=True, copy=False, tracking=True
    )
    approved_by_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False, tracking=True
    )
    approved_at = fields.Datetime(string="Approved", readonly=True, copy=False)
    retired_at = fields.Datetime(string="Retired", readonly=True, copy=False)
    reason = fields.Char(help="What this version is for, for those who read it later.")
    line_ids = fields.One2many("hc.field.policy.line", "policy_id", string="Fields")
    own_count = fields.Integer(compute="_compute_counts", string="Own rules")
    changed_count = fields.Integer(compute="_compute_counts", string="Changes")

    _version_uniq = models.UniqueIndex(
        "(channel_id, version)", "This version of the channel's policy exists already."
    )
    _one_active = models.UniqueIndex(
        "(channel_id) WHERE state = 'active'", "Another version of the policy is active."
    )

    @api.depends("channel_id", "version")
    def _compute_display_name(self):
        for policy in self:
            policy.display_name = self.env._(
                "%(channel)s, version %(version)s",
                channel=policy.channel_id.name or "",
                version=policy.version,
            )

    @api.depends("line_ids.own_rule", "state")
    def _compute_counts(self):
        for policy in self:
            policy.own_count = len(policy.line_ids.filtered("own_rule"))
            policy.changed_count = len(policy._changed_lines())

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_forged(vals)
        policies = super().create(self._numbered(vals_list))
        for policy in policies:
            policy._sudo_fit_lines()
        policies._sudo_note_author()
        return policies

    def write(self, vals):
        self._check_forged(vals)
        if "channel_id" in vals and self.channel_id.ids != [vals["channel_id"]]:
            raise UserError(self.env._("A policy stays with its channel."))
        if vals.keys() & {"line_ids", "reason"}:
            self._check_part_changed()
        return super().write(vals)

    def copy(self, default=None):
        """With the own rules that can still hold, and who approved them."""
        copies = super().copy(default)
        for policy, made in zip(self, copies, strict=True):
            made._sudo_take_rules(policy)
        return copies

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_draft()

    def _check_forged(self, vals):
        """The state changes by its steps only, so that nobody approves their own work."""
        forged = vals.keys() & STEPS or vals.get("state", "draft") != "draft"
        if forged and not self.env.su:
            raise AccessError(self.env._("The state of a policy changes by its buttons."))

    def _check_draft(self):
        if any(policy.state != "draft" for policy in self):
            raise UserError(
                self.env._(
                    "Only a draft is changed: somebody looks at this version, or messages were "
                    "minimized by it. Make a new version, or take it back to draft."
                )
            )

    def _check_part_changed(self):
        """Rules are changed in drafts only, by authors."""
        if not self.env.su:
            self._check_draft()
            self._sudo_note_author()

    def _numbered(self, vals_list):
        """Versions of a channel count up, retired ones too."""
        channels = {vals.get("channel_id") for vals in vals_list}
        last = defaultdict(int)
        for channel, version in self.sudo()._read_group(
            [("channel_id", "in", list(channels))], ["channel_id"], ["version:max"]
        ):
            last[channel.id] = version
        numbered = []
        for vals in vals_list:
            last[vals.get("channel_id")] += 1
            numbered.append({**vals, "version": last[vals.get("channel_id")]})
        return numbered

    # -------------------------------------------------------------------- steps

    def action_new_version(self):
        """Button: a draft with the same rules, beside this version."""
        self.ensure_one()
        self.check_access("write")
        draft = self.copy({"channel_id": self.channel_id.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    def action_submit(self):
        """Button: ready to be looked at by a privacy officer."""
        self.ensure_one()
        self.check_access("write")
        self._check_draft()
        self._sudo_fit_lines()
        self.line_ids._check_rules()
        self._check_reasons()
        self._sudo_write({"state": "in_review", "submitted_by_id": self.env.uid})
        self._trail("policy.submitted")

    def action_revise(self):
        """Button: back to draft."""
        self.ensure_one()
        self.check_access("write")
        if self.state != "in_review":
            raise UserError(self.env._("The policy is not in review."))
        self._sudo_write({"state": "draft", "submitted_by_id": False})
        self._trail("policy.returned")

    def action_approve(self):
        """Button: minimize by this version from now on; the one before is retired."""
        self.ensure_one()
        self._check_approver()
        if self.state != "in_review":
            raise UserError(self.env._("The policy is not in review."))
        self.line_ids._check_rules()
        self._check_reasons()
        before = self._in_force()
        self._changed_lines()._sudo_approved_by(self.env.user)
        now = fields.Datetime.now()
        before._sudo_write({"state": "retired", "retired_at": now})
        before.flush_recordset()
        self._sudo_write({"state": "active", "approved_by_id": self.env.uid, "approved_at": now})
        self._ensure_keys()
        self._trail("policy.approved", before)

    def _ensure_keys(self):
        """Pseudonyms that the contract does not ask for have keys of their own."""
        own = self.line_ids.filtered(
            lambda line: line.rule == "pseudonymize" and line.contract_rule != line.rule
        )
        self.env["hc.pseudonym.key"]._sudo_ensure_domains(
            own_domain(line.message_type_id.name, line.pointer) for line in own
        )

    def _check_approver(self):
        """A privacy officer who has neither written nor submitted it."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(OFFICER):
            raise AccessError(self.env._("A policy is approved by a privacy officer."))
        if not self.env.su and self.env.user in self.author_ids | self.submitted_by_id:
            raise UserError(
                self.env._("A policy is approved by somebody else than who wrote or submitted it.")
            )

    def _check_reasons(self):
        """Every change says why."""
        silent = self._changed_lines().filtered(lambda line: not (line.reason or "").strip())
        if silent:
            raise ValidationError(
                self.env._(
                    "Say why these fields get another rule: %s", ", ".join(silent.mapped("pointer"))
                )
            )

    def _in_force(self):
        """The active version of the same channel, if it is another one."""
        self.ensure_one()
        active = self.channel_id.policy_ids.filtered(lambda one: one.state == "active")
        return active - self

    def _changed_lines(self):
        """Lines with another rule than the version in force, or the contract, has."""
        lines = self.env["hc.field.policy.line"]
        for policy in self.filtered(lambda one: one.state in ("draft", "in_review")):
            known = policy._in_force()._own_rules() if policy.channel_id else {}
            lines |= policy.line_ids.filtered(
                lambda line, known=known: (line.own_rule or None) != known.get(line._key())
            )
        return lines

    def _own_rules(self):
        """``{(message type's id, pointer): rule}`` of what is not the contract's."""
        return {line._key(): line.own_rule for line in self.line_ids if line.own_rule}

    def action_open_preview(self):
        """Button: try a sample under this version."""
        self.ensure_one()
        return self.channel_id._preview_action(self)

    # -------------------------------------------------------------------- sudo

    def _sudo_write(self, values):
        """Version and state are closed to plain writes, and open to the checked steps."""
        self.sudo().write(values)

    def _sudo_note_author(self):
        """Who has changed a draft does not approve it; see :meth:`_sudo_write`."""
        if not self.env.su:
            self.sudo().write({"author_ids": [Command.link(self.env.uid)]})

    def _sudo_fit_lines(self):
        """One line for each field of the channel's contracts as they are now; lines are made
        here only."""
        for policy in self.sudo():
            lines = {line._key(): line for line in policy.line_ids}
            wanted = policy.channel_id.message_type_ids._policy_rows()
            for key in lines.keys() - wanted.keys():
                lines[key].unlink()
            for key, values in wanted.items():
                if key in lines:
                    lines[key].write(values)
                else:
                    lines[key] = policy.line_ids.create({**values, "policy_id": policy.id})
        self.invalidate_recordset(["line_ids"])

    def _sudo_take_rules(self, other):
        """Approvals are written by the steps only; a rule that stays as it is keeps its own."""
        mine = {line._key(): line for line in self.sudo().line_ids}
        for line in other.sudo().line_ids.filtered("own_rule"):
            own = mine.get(line._key())
            if own and line.own_rule in own._choices():
                own.write(
                    {
                        "own_rule": line.own_rule,
                        "reason": line.reason,
                        "approved_by_id": line.approved_by_id.id,
                    }
                )

    def _trail(self, action, before=None):
        """Who changed what is kept stands in the audit trail."""
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": policy.state,
                    "object": f"{policy._name},{policy.id}",
                    "system_id": policy.system_id.id,
                    "company_id": policy.company_id.id,
                    "channel": policy.channel_id.code,
                    "version": policy.version,
                    "reason": policy.reason or None,
                    "authors": policy.sudo().author_ids.ids,
                    "before": before._digest() if before else None,
                    "after": policy._digest(),
                }
                for policy in self
            ]
        )

    def _digest(self):
        """Tells one set of rules from the next."""
        rules = {f"{key[0]} {key[1]}": rule for key, rule in sorted(self._own_rules().items())}
        return keyed(self.env["hc.keyring"]._ring().digest_key, "policy", canonical(rules))
