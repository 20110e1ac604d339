# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..biomed.triage import COUNT, CRITICALITIES, IGNORE, REQUEST, Rule

ALARM_PRIORITIES = ("high", "medium", "low", "advisory")


class HcTriageRule(models.Model):
    """What becomes of an alarm. Rules are tried in their order; the first that fits decides."""

    _name = "hc.triage.rule"
    _description = "Triage Rule"
    _inherit = ["hc.governed.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")
    code = fields.Char(
        string="Alarm code", help="Empty: any. As the device sends it, e.g. MDC_EVT_BATT_LO."
    )
    code_match = fields.Selection(
        [("exact", "is exactly"), ("prefix", "begins with")],
        string="The code",
        default="exact",
        required=True,
    )
    for_high = fields.Boolean("Alarms of high priority", default=True)
    for_medium = fields.Boolean("Alarms of medium priority", default=True)
    for_low = fields.Boolean("Alarms of low priority", default=True)
    for_advisory = fields.Boolean("Advisories", default=True)
    on_life_support = fields.Boolean("Life support", default=True)
    on_high = fields.Boolean("High criticality", default=True)
    on_medium = fields.Boolean("Medium criticality", default=True)
    on_low = fields.Boolean("Low criticality", default=True)
    category_ids = fields.Many2many(
        "maintenance.equipment.category", string="Equipment categories", help="Empty: any."
    )
    outcome = fields.Selection(
        [
            (REQUEST, "Make a request"),
            (COUNT, "List it with the equipment only"),
            (IGNORE, "Nothing"),
        ],
        default=REQUEST,
        required=True,
    )
    team_id = fields.Many2one(
        "maintenance.team",
        check_company=True,
        help="Empty: the team of the equipment, else the first of the company.",
    )
    request_priority = fields.Selection(
        [("0", "Very Low"), ("1", "Low"), ("2", "Normal"), ("3", "High")],
        string="Priority",
        default="2",
        required=True,
    )
    maintenance_type = fields.Selection(
        [("corrective", "Corrective"), ("preventive", "Preventive")],
        string="Type",
        default="corrective",
        required=True,
    )
    hours_life_support = fields.Float("Life support: done within", default=2.0)
    hours_high = fields.Float("High: done within", default=8.0)
    hours_medium = fields.Float("Medium: done within", default=24.0)
    hours_low = fields.Float("Low: done within", default=80.0)
    answer_life_support = fields.Float("Life support: acknowledged within", default=0.25)
    answer_high = fields.Float("High: acknowledged within", default=1.0)
    answer_medium = fields.Float("Medium: acknowledged within", default=8.0)
    answer_low = fields.Float("Low: acknowledged within", default=24.0)
    escalation_user_id = fields.Many2one(
        "res.users",
        string="Escalate to",
        domain="[('share', '=', False)]",
        help="Is told when nobody acknowledges in time. Empty: whom the team names.",
    )

    _hours_sound = models.Constraint(
        "CHECK(LEAST(hours_life_support, hours_high, hours_medium, hours_low, answer_life_support,"
        " answer_high, answer_medium, answer_low) >= 0)",
        "Hours cannot be negative.",
    )

    @api.constrains("code", "code_match")
    def _check_code(self):
        for rule in self:
            if rule.code and rule.code != rule.code.strip():
                raise ValidationError(self.env._("A code has no spaces around it."))

    @api.model
    def _rules(self):
        """All active rules in their order, as the triage compares them."""
        return [rule._rule() for rule in self.search([])]

    def _rule(self):
        return Rule(
            id=self.id,
            outcome=self.outcome,
            code=self.code or "",
            is_prefix=self.code_match == "prefix",
            priorities=self._chosen("for_", ALARM_PRIORITIES),
            criticalities=self._chosen("on_", CRITICALITIES),
            categories=frozenset(self.category_ids.ids),
            company=self.company_id.id or None,
        )

    def _chosen(self, prefix, names):
        """Those that are ticked; a name that does not occur where none is."""
        return frozenset(name for name in names if self[prefix + name]) or frozenset({""})

    def _hours(self, kind, criticality):
        """Working hours: ``hours`` until the work is done, ``answer`` until it is taken."""
        return self[f"{kind}_{criticality}"]
