# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..messaging import contract_diff
from ..messaging.digest import canonical

OFFICER = "healthcare_integration_base.group_privacy_officer"
LOCKED = frozenset(
    {"code", "version", "contract_module", "contract_path", "contract_text", "handler"}
)
"""What senders and handlers rely on: fixed once it has left the draft."""


class HcMessageType(models.Model):
    """Versions of a message type, and what each changes.

    A contract in use is not edited: a new version is made, and both live side by side until the
    old one is retired.
    """

    _inherit = "hc.message.type"

    changed_by_ids = fields.Many2many(
        "res.users",
        "hc_message_type_changed_by_rel",
        string="Changed in review by",
        readonly=True,
        copy=False,
    )
    change_ids = fields.One2many("hc.change", "message_type_id", string="Steps", readonly=True)
    previous_id = fields.Many2one(
        "hc.message.type",
        string="Previous version",
        compute="_compute_previous_id",
        help="The version before this one that was in use.",
    )
    successor_id = fields.Many2one(
        "hc.message.type",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    contract_problem = fields.Char(string="Problem", compute="_compute_contract_problem")
    changes_table = fields.Html(string="Changes", compute="_compute_changes", sanitize=False)
    breaks_senders = fields.Boolean(compute="_compute_changes")
    needs_privacy = fields.Boolean(
        string="Keeps more about persons",
        compute="_compute_changes",
        help="More is kept about persons than by the version before, so that the privacy officer "
        "approves it too.",
    )
    privacy_by_id = fields.Many2one(
        "res.users", string="Privacy officer", readonly=True, copy=False
    )
    privacy_at = fields.Datetime(string="Privacy approved", readonly=True, copy=False)

    # ------------------------------------------------------------------ versions

    @api.depends("code", "version")
    def _compute_previous_id(self):
        for one in self:
            earlier = [("code", "=", one.code), ("version", "<", one.version)]
            found = self.with_context(active_test=False).search(earlier, order="version desc")
            used = found.filtered(lambda other: other.state != "draft")
            one.previous_id = (used or found)[:1]

    def action_new_version(self):
        """Button: a draft of the next version, with the contract as it is."""
        self.ensure_one()
        self.check_access("write")
        family = self.with_context(active_test=False).search([("code", "=", self.code)])
        number = max(family.mapped("version")) + 1
        schema = {**self._contract().schema, "x-hc-type": f"{self.code}.v{number}"}
        draft = self.copy(
            {
                "version": number,
                "contract_module": False,
                "contract_path": False,
                "channel_ids": False,
                "contract_text": json.dumps(schema, indent=2, ensure_ascii=False, default=str),
            }
        )
        draft._note_change("version", False, self.env._("Made of %s", self.name))
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    @api.depends("contract_text", "code", "version", "handler")
    def _compute_contract_problem(self):
        for one in self:
            one.contract_problem = one._problem() if one.contract_text else False

    def _problem(self):
        """Why the contract cannot be used; nothing where it can."""
        try:
            contract = self._contract()
        except ValueError as error:  # no JSON is one of them
            return str(error)
        if contract.type != self.name:
            return self.env._("x-hc-type must be %s.", self.name)
        return False

    def _check_contract_locked(self, vals):
        if self.env.su or not vals.keys() & LOCKED:
            return
        if any(one.state != "draft" for one in self):
            raise UserError(
                self.env._("A contract in use or in review is not edited. Make a new version.")
            )

    # ------------------------------------------------------------------ the steps

    def _check_complete_to_submit(self):
        self.check_access("write")
        for one in self:
            problem = one._problem()
            if problem:
                raise UserError(
                    self.env._(
                        "The contract of %(name)s cannot be used: %(reason)s",
                        name=one.name,
                        reason=problem,
                    )
                )
        return super()._check_complete_to_submit()

    def _check_complete(self):
        self._check_complete_to_submit()
        for one in self.filtered(lambda one: one.needs_privacy and not one.privacy_by_id):
            raise UserError(
                self.env._(
                    "%s keeps more about persons than the version before. The privacy officer "
                    "has to approve it first.",
                    one.name,
                )
            )
        return super()._check_complete()

    def _fresh(self):
        return {**super()._fresh(), "privacy_by_id": False, "privacy_at": False}

    def _check_step_forged(self, vals):
        if not self.env.su and vals.keys() & {"privacy_by_id", "privacy_at"}:
            raise AccessError(self.env._("The privacy officer approves by the button."))
        return super()._check_step_forged(vals)

    def action_pause(self, reason=None):
        """Senders of this type are told to come back later, on every channel."""
        self._step("pause", reason)

    def action_ask_pause(self):
        """Button: ask why, then pause the type on every channel."""
        return self._ask("pause", self.env._("Pause"))

    def action_resume(self, reason=None):
        """Button: take messages of this type again."""
        self._step("resume", reason)

    def action_ask_privacy(self):
        """Button: ask the privacy officer why it may be kept."""
        self._require_officer()
        return self._wizard("privacy", self.env._("Approve what is kept"))

    def action_approve_privacy(self, reason=None):
        """Approve that more is kept about persons, by a privacy officer who is no author."""
        self._require_officer()
        self._check_other_person()
        if any(one.state not in ("in_review", "shadow") for one in self):
            raise UserError(self.env._("It is not in the right state for this."))
        for one in self:
            values = {"privacy_by_id": self.env.uid, "privacy_at": fields.Datetime.now()}
            one._sudo_set_state(values)
            one._note_change("privacy", one.state, reason)

    def _require_officer(self):
        self.check_access("read")
        if not self.env.user.has_group(OFFICER):
            raise AccessError(self.env._("Only privacy officers may do this."))

    # ------------------------------------------------------------------ the diff

    @api.depends("contract_text", "contract_module", "contract_path", "code", "version")
    def _compute_changes(self):
        for one in self:
            changes = one._changes()
            one.breaks_senders = contract_diff.breaks_senders(changes)
            one.needs_privacy = one._is_own() and contract_diff.loosens_privacy(changes)
            one.changes_table = one._render_changes(changes)

    def _is_own(self):
        """Whether the contract was written here: what addons bring is approved with them."""
        return bool(self.contract_text)

    def _changes(self):
        """What this version changes; nothing where one of the two cannot be read."""
        previous = self.previous_id
        if not previous and not self._is_own():
            return ()
        try:
            old = previous._contract().schema if previous else None
            return contract_diff.compare(old, self._contract().schema)
        except (OSError, ValueError):
            return ()

    def _render_changes(self, changes):
        if not changes:
            return False
        titles = self._change_titles()
        rows = [
            {
                "pointer": one.pointer or "/",
                "title": titles.get(one.what, one.what),
                "before": one.before,
                "after": one.after,
                "breaks": one.is_breaking,
                "privacy": one.privacy.value,
            }
            for one in changes
        ]
        return self.env["ir.qweb"]._render(
            "healthcare_integration_base.contract_changes", {"rows": rows}
        )

    def _change_titles(self):
        """What a change is called; a word of JSON Schema that is not here names itself."""
        return {
            "added": self.env._("New field"),
            "removed": self.env._("Field removed"),
            "required_added": self.env._("Required"),
            "required_dropped": self.env._("No longer required"),
            "type_narrowed": self.env._("Fewer types"),
            "type_widened": self.env._("More types"),
            "enum_shrunk": self.env._("Fewer values"),
            "enum_grown": self.env._("More values"),
            "pattern": self.env._("Pattern"),
            "format": self.env._("Format"),
            "minLength": self.env._("Shortest text"),
            "maxLength": self.env._("Longest text"),
            "minItems": self.env._("Fewest items"),
            "maxItems": self.env._("Most items"),
            "uniqueItems": self.env._("No item twice"),
            "minimum": self.env._("Smallest value"),
            "maximum": self.env._("Greatest value"),
            "items_described": self.env._("Items described"),
            "alternatives": self.env._("Alternatives"),
            "alternative_added": self.env._("Another form of value"),
            "alternative_removed": self.env._("A form of value removed"),
            "default": self.env._("Default"),
            "business_key": self.env._("What makes two messages the same fact"),
            "ordering_key": self.env._("What is kept in order"),
            "source_optional_added": self.env._("Standards may leave it out"),
            "source_optional_removed": self.env._("Standards may no longer leave it out"),
            "x-hc-decimal": self.env._("Digits and places"),
            "x-hc-time": self.env._("Date or time"),
            "x-hc-class": self.env._("Class"),
            "x-hc-keep": self.env._("What is kept"),
            "x-hc-domain": self.env._("Whose pseudonyms"),
            "x-hc-scope": self.env._("Pseudonyms apart by"),
            "x-hc-keep-if": self.env._("Kept on condition"),
        }

    # ------------------------------------------------------------------ the trail

    def _change_field(self):
        return "message_type_id"

    def _change_facts(self):
        """The contract is named by its version and the digest of its text, which is public."""
        try:
            text = canonical(self._contract().schema)
        except (OSError, ValueError):
            return {"contract": self.name}
        return {"contract": self.name, "digest": hashlib.sha256(text).hexdigest()}

    def _wire_paused(self):
        """Names of the types that are paused."""
        return frozenset(self.filtered(lambda one: one.state == "paused").mapped("name"))

    def _wire_shadow(self):
        """Names of the types that are on trial."""
        return frozenset(self.filtered(lambda one: one.state == "shadow").mapped("name"))
