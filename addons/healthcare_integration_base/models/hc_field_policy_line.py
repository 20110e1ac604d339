# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..messaging.field_policy import RULES, stricter
from ..messaging.policy_fields import choices, problems

CLASSES = [
    ("operational", "Operational"),
    ("personal", "Personal"),
    ("clinical", "Clinical"),
    ("secret", "Secret"),
]
RULE_NAMES = {
    "keep": "Keep",
    "last4": "Last four",
    "year": "Year",
    "pseudonymize": "Pseudonym",
    "mask": "Mask",
    "drop": "Drop",
}
RULE_SELECTION = [(rule, RULE_NAMES[rule]) for rule in RULES]
WRITABLE = frozenset({"own_rule", "reason"})


class HcFieldPolicyLine(models.Model):
    """One field of a contract: what it is, what the contract allows to keep, and what the
    channel does keep."""

    _name = "hc.field.policy.line"
    _description = "Field of a Policy"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin"]
    _order = "policy_id, message_type_id, sequence, id"
    _rec_name = "pointer"

    policy_id = fields.Many2one("hc.field.policy", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    message_type_id = fields.Many2one(
        "hc.message.type", string="Message type", required=True, readonly=True, ondelete="restrict"
    )
    sequence = fields.Integer(readonly=True)
    pointer = fields.Char(
        string="Field", required=True, readonly=True, help="As dropped values are counted."
    )
    label = fields.Char(readonly=True)
    field_class = fields.Selection(CLASSES, string="Class", required=True, readonly=True)
    contract_rule = fields.Selection(
        RULE_SELECTION, string="Contract", required=True, readonly=True
    )
    own_rule = fields.Selection(
        RULE_SELECTION,
        string="Own rule",
        help="Empty: as the contract says. Never looser than the contract.",
    )
    rule = fields.Selection(
        RULE_SELECTION, string="What is kept", compute="_compute_rule", store=True
    )
    choices = fields.Char(
        string="May be",
        compute="_compute_choices",
        help="Rules that can hold for the field. None: the contract's rule stays.",
    )
    is_changed = fields.Boolean(
        compute="_compute_is_changed", help="Another rule than holds for the channel now."
    )
    reason = fields.Char(help="Why the field gets another rule.")
    approved_by_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, help="Who approved the rule as it is."
    )

    _field_uniq = models.UniqueIndex(
        "(policy_id, message_type_id, pointer)", "Each field of a message type has one rule."
    )

    @api.depends("contract_rule", "own_rule")
    def _compute_rule(self):
        """What holds: the stricter of both, also when the contract has become stricter since."""
        for line in self:
            own = line.own_rule or line.contract_rule
            line.rule = stricter(line.contract_rule, own) if own else False

    @api.depends("contract_rule", "pointer", "message_type_id")
    def _compute_choices(self):
        names = dict(self._fields["own_rule"]._description_selection(self.env))
        for line in self:
            found = [one for one in line._choices() if one != line.contract_rule]
            line.choices = ", ".join(names[one] for one in found)

    def _choices(self):
        """Rules that can hold for the field, the contract's among them."""
        field = self.message_type_id._policy_fields().get(self.pointer)
        return choices(field, self.message_type_id._tolerated()) if field else []

    @api.depends("own_rule", "policy_id.state")
    def _compute_is_changed(self):
        changed = self.policy_id._changed_lines()
        for line in self:
            line.is_changed = line._origin in changed or line in changed

    @api.constrains("own_rule")
    def _check_own_rule(self):
        self._check_rules(alone=True)

    def _check_rules(self, alone=False):
        """Refuse what cannot hold.

        :param alone: while a policy is written a part of an object may be dropped before its
            other parts are
        """
        for (policy, kind), lines in self.grouped(
            lambda line: (line.policy_id, line.message_type_id)
        ).items():
            rules = {line.pointer: line.own_rule for line in lines if line.own_rule}
            others = policy.line_ids.filtered(lambda line, kind=kind: line.message_type_id == kind)
            given = {line.pointer: line.own_rule for line in others if line.own_rule} | rules
            for problem in problems(kind._policy_fields(), given, kind._tolerated()):
                if problem.pointer in rules and not (alone and problem.reason == "part"):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(reason)s",
                            field=problem.pointer,
                            reason=self._sentence(problem.reason),
                        )
                    )

    def _sentence(self, reason):
        return {
            "unknown": self.env._("The contract has no such field."),
            "looser": self.env._(
                "The rule would leave something that the contract does not allow to keep."
            ),
            "key": self.env._(
                "Messages are told apart or put in order by it. Without it one fact could have two "
                "effects."
            ),
            "required": self.env._(
                "The contract requires it. Without it every message would wait in review as "
                "incomplete."
            ),
            "default": self.env._("Where it is missing it means something else."),
            "part": self.env._(
                "The object that it belongs to cannot be without it. Drop all of its fields, or "
                "none."
            ),
            "kind": self.env._(
                "The rule makes no sense of such a value. Operational values, numbers and values "
                "of a list are kept as they are, or dropped; only a time has a year."
            ),
            "handler": self.env._(
                "What handles the messages needs it as it is: it would book or match something "
                "else."
            ),
        }[reason]

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("The fields of a policy are those of the contract."))
        return super().create(vals_list)

    def write(self, vals):
        self.check_access("write")
        if not self.env.su and vals.keys() - WRITABLE:
            raise AccessError(self.env._("Of a field's line the own rule and its reason change."))
        self.policy_id._check_part_changed()
        if "own_rule" in vals:
            self._sudo_approved_by(self.env["res.users"])
        return super().write(vals)

    def unlink(self):
        if not self.env.su:
            raise AccessError(self.env._("The fields of a policy are those of the contract."))
        return super().unlink()

    def _sudo_approved_by(self, user):
        """Who has approved the rules as they are: said by the steps only."""
        self.sudo().write({"approved_by_id": user.id})

    def _key(self):
        self.ensure_one()
        return (self.message_type_id.id, self.pointer)
