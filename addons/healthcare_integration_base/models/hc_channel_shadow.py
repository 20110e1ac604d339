# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..messaging.errors import spec
from ..messaging.errors_shadow import SHADOW


class HcChannel(models.Model):
    """A channel on trial: what its messages would do is planned and taken back, and compared
    with what another channel has done about the same facts."""

    _inherit = "hc.channel"

    shadow_at = fields.Datetime(string="On trial since", readonly=True, copy=False)
    compare_channel_id = fields.Many2one(
        "hc.channel",
        string="Compare with",
        copy=False,
        domain="[('direction', '=', 'in'), ('company_id', '=', company_id), ('id', '!=', id)]",
        ondelete="set null",
        index="btree_not_null",
        help="The channel that does the work meanwhile. What is planned here is compared with "
        "what came of its messages that state the same fact (same business key).",
    )
    shadow_plan_ids = fields.One2many("hc.shadow.plan", "channel_id", "Plans", readonly=True)
    shadow_count = fields.Integer(string="Planned", compute="_compute_shadow")
    same_count = fields.Integer(string="Same", compute="_compute_shadow")
    different_count = fields.Integer(string="Different", compute="_compute_shadow")
    waiting_count = fields.Integer(
        string="Not compared yet",
        compute="_compute_shadow",
        help="No message of the other channel with the same business key has come to its end.",
    )
    shadow_summary = fields.Html(
        string="Would have made", compute="_compute_shadow", sanitize=False
    )

    @api.constrains("compare_channel_id", "system_id", "direction")
    def _check_compared(self):
        for channel in self.filtered("compare_channel_id"):
            other = channel.compare_channel_id
            if other == channel or other.direction != "in":
                raise ValidationError(
                    self.env._("A channel is compared with another one that takes messages.")
                )
            if other.company_id != channel.company_id:
                raise ValidationError(self.env._("Both channels belong to one company."))

    def action_shadow(self, reason=None):
        """Approve for a trial; see the life cycle. Only what comes in can be tried out."""
        self.check_access("write")
        if any(channel.direction != "in" for channel in self):
            raise UserError(self.env._("Only channels that take messages can be tried out."))
        result = super().action_shadow(reason)
        self._sudo_set_state({"shadow_at": fields.Datetime.now()})
        return result

    # ------------------------------------------------------------------ the sums

    @api.depends("shadow_at")
    def _compute_shadow(self):
        for channel in self:
            found = channel._shadow_sums() if channel.shadow_at else {}
            by_comparison = found.get("comparisons", {})
            channel.shadow_count = sum(by_comparison.values())
            channel.same_count = by_comparison.get("same", 0)
            channel.different_count = by_comparison.get("different", 0)
            channel.waiting_count = by_comparison.get("waiting", 0)
            channel.shadow_summary = channel._render_sums(found) if found else False

    def _shadow_sums(self):
        """Numbers of the present trial: by comparison, by outcome, and by model."""
        self.env["hc.shadow.plan"].flush_model()
        mine = SQL("channel_id = %s AND create_date >= %s", self.id, self.shadow_at)
        rows = self.env.execute_query(
            SQL(
                "SELECT comparison, state, error_code, count(*) FROM hc_shadow_plan"
                " WHERE %s GROUP BY 1, 2, 3",
                mine,
            )
        )
        comparisons, outcomes = Counter(), Counter()
        for comparison, state, code, number in rows:
            comparisons[comparison] += number
            outcomes[state, code] += number
        models_made = self.env.execute_query(
            SQL(
                "SELECT effect ->> 'model', count(*) FROM hc_shadow_plan,"
                " jsonb_array_elements(effects) AS effect WHERE %s GROUP BY 1 ORDER BY 2 DESC, 1",
                mine,
            )
        )
        return {"comparisons": comparisons, "outcomes": outcomes, "models": models_made}

    def _render_sums(self, found):
        states = dict(self.env["hc.message"]._fields["state"]._description_selection(self.env))
        outcomes = [
            {
                "title": states[state] if state else "",
                "why": spec(code).title if code else "",
                "is_good": state in ("done", "duplicate", "superseded"),
                "number": number,
            }
            for (state, code), number in found["outcomes"].most_common()
        ]
        made = [(self.env["ir.model"]._get(name).name or name, n) for name, n in found["models"]]
        return self.env["ir.qweb"]._render(
            "healthcare_integration_base.shadow_summary",
            {"outcomes": outcomes, "made": made, "total": sum(found["outcomes"].values())},
        )

    # ------------------------------------------------------------------ buttons

    def action_open_plans(self):
        """Button: what would have come of each message."""
        return self._open_plans({})

    def action_open_different(self):
        """Button: plans that differ from what the other channel has done."""
        return self._open_plans({"search_default_different": 1})

    def _open_plans(self, context):
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_shadow_plan"
            ),
            "domain": [("channel_id", "=", self.id)],
            "context": context,
        }

    def action_compare(self):
        """Button: look again for the facts that had not come over the other channel yet."""
        self.ensure_one()
        self.check_access("write")
        self.env["hc.shadow.plan"]._sudo_compare_waiting(self)

    def action_replay_planned(self):
        """Button: the replay wizard, for what was only planned. Going active replays nothing."""
        self.ensure_one()
        self.check_access("read")
        planned = [
            ("channel_id", "=", self.id),
            ("state", "=", "cancelled"),
            ("error_code", "=", SHADOW),
        ]
        return self.env["hc.replay.prepare"]._open(planned)
