# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.prune import COUNT_LIMIT, count_due
from ..messaging.retention import PRUNABLE, Rule, days_of
from .hc_message import STATES


class HcRetentionRule(models.Model):
    """How long the content of finished messages is kept, for a state.

    A rule of a channel goes before one of its company, that before a general one. Without a
    rule, or with 0 days, content is kept for ever.
    """

    _name = "hc.retention.rule"
    _description = "Retention Rule"
    _inherit = ["hc.governed.mixin"]
    _asks_reason = True
    _order = "channel_id NULLS FIRST, company_id NULLS FIRST, state"
    _rec_name = "state"

    state = fields.Selection(
        [one for one in STATES if one[0] in PRUNABLE],
        string="State of messages",
        required=True,
        help="What is undelivered, of unknown outcome, in review or dead is never deleted.",
    )
    days = fields.Integer(
        string="Keep content (days)",
        required=True,
        default=365,
        help="Counted from the end of the work on the message. 0: for ever.",
    )
    channel_id = fields.Many2one(
        "hc.channel", index=True, ondelete="cascade", help="Empty: all channels."
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        ondelete="cascade",
        help="Empty: all companies.",
    )
    due_text = fields.Char(
        string="Would be deleted now",
        compute="_compute_due_text",
        help="Messages of this rule whose content the next run deletes.",
    )

    _one_each = models.UniqueIndex(
        "(state, COALESCE(channel_id, 0), COALESCE(company_id, 0))",
        "There is a rule for this already.",
    )
    _days_sound = models.Constraint(
        "CHECK(days BETWEEN 0 AND 36500)", "Days are between 0 (for ever) and 36,500."
    )

    @api.depends("state", "channel_id")
    def _compute_display_name(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for rule in self:
            parts = (labels.get(rule.state), rule.channel_id.name)
            rule.display_name = ", ".join(filter(None, parts))

    @api.depends("channel_id")
    def _compute_company_id(self):
        for rule in self.filtered("channel_id"):
            rule.company_id = rule.channel_id.company_id

    @api.depends("state", "days", "channel_id", "company_id")
    def _compute_due_text(self):
        for rule in self:
            rule.due_text = rule._due_text() if rule.state else False

    def _due_text(self):
        """How many payloads this rule, as it stands on the screen, would delete now."""
        if not self.days:
            return self.env._("Nothing: kept for ever")
        count = 0
        for channel, days in self._channels():
            before = fields.Datetime.now() - timedelta(days=days)
            self.env["hc.message"].flush_model()
            count += count_due(self.env, channel.id, self.state, before)
            if count >= COUNT_LIMIT:
                return self.env._("%s payloads or more", f"{COUNT_LIMIT:,}")
        return self.env._("1 payload") if count == 1 else self.env._("%s payloads", f"{count:,}")

    def _channels(self):
        """Channels that follow this rule and no nearer one, with the days of it."""
        mine = Rule(self.state, self.days, self.channel_id.id or None, self.company_id.id or None)
        others = [rule for rule in (self.search([]) - self._origin)._rules() if rule != mine]
        channels = self.channel_id._origin or self.env["hc.channel"].with_context(
            active_test=False
        ).search([("company_id", "in", self.company_id.ids)] if self.company_id else [])
        for channel in channels:
            company = channel.company_id.id or None
            if _decides(mine, others, channel.id, company):
                yield channel, self.days

    def _rules(self):
        return [
            Rule(one.state, one.days, one.channel_id.id or None, one.company_id.id or None)
            for one in self
        ]

    @api.model
    def _sudo_plan(self):
        """``(channel id, state, days)`` of all that has an end; the scheduled action's, for
        which no company is at hand."""
        rules = self.sudo().search([])._rules()
        channels = self.env["hc.channel"].sudo().with_context(active_test=False).search([])
        plan = []
        for channel in channels.sorted("id"):
            for state in PRUNABLE:
                days = days_of(rules, state, channel.id, channel.company_id.id or None)
                if days:
                    plan.append((channel.id, state, days))
        return plan

    def action_run(self):
        """Button: do not wait for the night."""
        self.check_access("write")
        if not self.env["hc.retention.run"]._sudo_start():
            raise UserError(self.env._("A run is under way already."))
        return self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_hc_retention_run"
        )


def _decides(mine, others, channel, company):
    """Whether it is this rule that decides: with another number of days all would change."""
    other = Rule(mine.state, mine.days + 1, mine.channel, mine.company)
    return days_of([*others, mine], mine.state, channel, company) != days_of(
        [*others, other], mine.state, channel, company
    )
