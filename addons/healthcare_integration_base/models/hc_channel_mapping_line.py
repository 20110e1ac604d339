# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..messaging.mapping import MappingError, Rule, check


class HcChannelMappingLine(models.Model):
    """One field of a contract, and where a channel's messages have it."""

    _name = "hc.channel.mapping.line"
    _description = "Field of a Channel Mapping"
    _inherit = ["hc.mapping.part.mixin"]
    _order = "mapping_id, sequence, id"
    _rec_name = "target"

    mapping_id = fields.Many2one(
        "hc.channel.mapping", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="mapping_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    message_type_id = fields.Many2one(
        "hc.message.type",
        string="Message type",
        required=True,
        ondelete="restrict",
        compute="_compute_message_type_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    target = fields.Char(
        string="Field of the contract",
        required=True,
        help="Such as /cost_center; * stands for every line: /lines/*/lot.",
    )
    source = fields.Char(
        string="Place in the message",
        help="HL7 v2: a segment, field, component and subcomponent, such as ZCG-3 or "
        "FT1-13.1. JSON: a JMESPath query, such as extension[?url=='http://x'].valueString "
        "| [0]. Empty: what is read there anyway.",
    )
    default_value = fields.Char(string="Where there is nothing")
    value_ids = fields.One2many("hc.channel.mapping.value", "line_id", string="Values", copy=True)
    value_count = fields.Integer(compute="_compute_value_count", string="Value map")
    unknown = fields.Selection(
        [("keep", "Keep as it is"), ("default", "Take the default")],
        string="Other values",
        default="keep",
        required=True,
        help="What becomes of a value that the value map does not name.",
    )

    _target_uniq = models.UniqueIndex(
        "(mapping_id, message_type_id, target)", "Each field of a message type is mapped once."
    )

    @api.depends("mapping_id.channel_id")
    def _compute_message_type_id(self):
        """Most channels take one type."""
        for line in self:
            types = line.mapping_id.channel_id.message_type_ids
            if not line.message_type_id and len(types) == 1:
                line.message_type_id = types

    @api.depends("value_ids")
    def _compute_value_count(self):
        for line in self:
            line.value_count = len(line.value_ids)

    @api.constrains("message_type_id", "target", "source", "default_value", "unknown", "value_ids")
    def _check_rules(self):
        for line in self:
            channel = line.mapping_id.channel_id
            if line.message_type_id not in channel.message_type_ids:
                raise ValidationError(
                    self.env._("The channel does not take %s.", line.message_type_id.name or "")
                )
            try:
                check(line._rule(), channel.format, line.message_type_id._contract())
            except MappingError as error:
                raise ValidationError(
                    self.env._(
                        "%(target)s: %(reason)s",
                        target=line.target,
                        reason=self._sentence(error.rule),
                    )
                ) from None

    def _sentence(self, rule):
        return {
            "target": self.env._("The contract keeps no such field."),
            "empty": self.env._("Say where the value is, a default, or a value map."),
            "syntax": self.env._("The place in the message is not written as it has to be."),
            "too_long": self.env._("The place in the message is longer than 256 characters."),
            "not_read": self.env._(
                "Segments of that name are not read. Segments of the sender begin with Z."
            ),
            "personal": self.env._(
                "What stands there names a person, and the field is not for persons."
            ),
            "clinical": self.env._("What stands there is clinical, and the field is not."),
        }[rule]

    def _rule(self):
        self.ensure_one()
        return Rule(
            type=self.message_type_id.name,
            target=self.target,
            source=(self.source or "").strip(),
            default=self.default_value or None,
            values={value.source: value.target for value in self.value_ids},
            else_default=self.unknown == "default",
        )

    def _holds(self, contracts):
        """Whether the rule still can be followed; contracts change with their addons."""
        contract = contracts.get(self.message_type_id.name)
        try:
            if contract is not None:
                check(self._rule(), self.mapping_id.channel_id.format, contract)
        except MappingError:
            return False
        return contract is not None

    @api.model
    @api.readonly
    def targets(self, message_type_id):
        """The fields of a type's contract that can be filled, for the form.

        :return: list of ``[pointer, label]``
        """
        self.check_access("read")
        one = self.env["hc.message.type"].browse(message_type_id).exists()
        one.check_access("read")
        if not one:
            return []
        return [[target.pointer, target.pointer] for target in one._contract().targets.values()]
