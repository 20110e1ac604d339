# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from ..engine.dry_run import MESSAGE_LIMIT
from ..messaging.errors import spec


class HcReplay(models.Model):
    """What the dry run has found, as people read it."""

    _inherit = "hc.replay"

    plan_text = fields.Html("Dry run", compute="_compute_plan_text", sanitize=False)

    @api.depends("plan")
    def _compute_plan_text(self):
        for replay in self:
            replay.plan_text = self._render_plan(replay.plan)

    @api.model
    def _render_plan(self, plan):
        """:param plan: of :meth:`hc.replay.prepare._plan_of`, or none"""
        if not plan:
            return False
        return self.env["ir.qweb"]._render(
            "healthcare_integration_base.replay_plan",
            {
                "looked_at": plan["looked_at"],
                "ready": plan["ready"],
                "limit": MESSAGE_LIMIT,
                "outcomes": [self._outcome(*one) for one in plan["outcomes"]],
                "traces": [self._trace_line(*one) for one in plan["traces"]],
                "followup": plan["followup"],
            },
        )

    @api.model
    def _outcome(self, state, code, number):
        states = dict(self.env["hc.message"]._fields["state"]._description_selection(self.env))
        label = states[state] if state != "received" else self.env._("Goes to another company")
        return {
            "state": label,
            "is_good": state in ("done", "duplicate", "superseded"),
            "problem": spec(code).title if code else "",
            "code": code or "",
            "number": number,
        }

    @api.model
    def _trace_line(self, model, created, changed, names):
        known = self.env["ir.model"]._get(model)
        return {
            "name": known.name or model,
            "created": created,
            "changed": changed,
            "names": ", ".join(names),
            "more": created > len(names) > 0,
        }

    def _action_open(self):
        """The form of one replay, the list of several."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_hc_replay"
        )
        if len(self) == 1:
            return {**action, "res_id": self.id, "views": [(False, "form")], "target": "current"}
        return {**action, "domain": [("id", "in", self.ids)], "context": {}, "target": "current"}
