# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.dry_run import MESSAGE_LIMIT, Busy, DryRun
from ..messaging.replaying import BLOCKED, Case, Verdict
from ..models.hc_message_recovery import OPERATOR

IDS_LIMIT = 20_000
"""Up to so many messages are kept by their ids, more of them by the filter."""
ROWS = 12


class HcReplayPrepare(models.TransientModel):
    """What a replay would do: how many messages, what becomes of each, and, by a dry run, the
    changes in Odoo."""

    _name = "hc.replay.prepare"
    _description = "Prepare a Replay"

    selection = fields.Json(readonly=True, help="Domain of the chosen messages.")
    reason = fields.Char(help="Kept with the replay, with each message, and in the audit trail.")
    batch_limit = fields.Integer(
        "At a time",
        default=50,
        required=True,
        help="How many of its messages are in the lanes at a time. Live messages wait for no "
        "more than these.",
    )
    total_count = fields.Integer("Chosen", compute="_compute_census")
    ready_count = fields.Integer("Will be handled", compute="_compute_census")
    moving_count = fields.Integer("Wait for their turn", compute="_compute_census")
    already_count = fields.Integer("Done already", compute="_compute_census")
    blocked_count = fields.Integer("Cannot be replayed", compute="_compute_census")
    needs_approval = fields.Boolean("Needs a second person", compute="_compute_census")
    census = fields.Html(compute="_compute_census", sanitize=False)
    plan = fields.Json(readonly=True)
    plan_text = fields.Html("Dry run", compute="_compute_plan_text", sanitize=False)

    _batch_sound = models.Constraint(
        "CHECK(batch_limit BETWEEN 1 AND 500)", "Between 1 and 500 messages at a time."
    )

    # ----------------------------------------------------------------- opening

    @api.model
    def _open(self, messages):
        """The wizard for the messages of this domain, as the user sees them."""
        self._require_operator()
        return self.create({"selection": self._fixed(messages)})._action()

    @api.model
    def _fixed(self, messages):
        """A domain that goes on meaning these messages: what comes later is not chosen, and
        what moves on while it is looked at stays."""
        found = self.env["hc.message"].search(messages, order="id desc", limit=IDS_LIMIT + 1)
        if len(found) <= IDS_LIMIT:
            return [["id", "in", found.ids]]
        domain = Domain.AND([messages, [("id", "<=", found[:1].id)]])
        return [one if isinstance(one, str) else list(one) for one in domain]

    def _action(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Replay"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _require_operator(self):
        self.check_access("read")
        self.env["hc.message"].check_access("read")
        if not self.env.user.has_group(OPERATOR):
            raise AccessError(self.env._("Only integration operators replay messages."))

    # ---------------------------------------------------------------- counting

    def _count(self):
        """Rows of (channel, message type, state, verdict, number of messages)."""
        messages = self.env["hc.message"]
        query = messages._search(self.selection or [("id", "=", False)])
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT hc_message.channel_id, hc_message.message_type_id, hc_message.state,"
                "       hc_message.direction, c.state <> 'retired' AND c.active AND s.active,"
                "       hc_message.payload IS NOT NULL, count(*)"
                "  FROM %s JOIN hc_channel c ON c.id = hc_message.channel_id"
                "  JOIN hc_system s ON s.id = hc_message.system_id"
                " WHERE %s GROUP BY 1, 2, 3, 4, 5, 6",
                query.from_clause,
                query.where_clause or SQL("TRUE"),
            )
        )
        counts = Counter()
        for channel, kind, state, direction, in_use, has_content, number in rows:
            verdict = Case(state, direction, in_use, has_content).verdict
            counts[channel, kind, state, verdict] += number
        self._set_held_apart(counts)
        return [(*key, number) for key, number in counts.items() if number]

    def _set_held_apart(self, counts):
        """A legal hold is on messages one by one."""
        for message in self._ready()._on_hold():
            key = (message.channel_id.id, message.message_type_id.id, message.state)
            counts[*key, Verdict.READY] -= 1
            counts[*key, Verdict.HELD] += 1

    def _ready(self):
        """Messages that may be ready; holds are looked up for no more than these."""
        states = [("state", "in", ("review", "dead", "retry")), ("direction", "=", "in")]
        domain = Domain.AND([self.selection or [("id", "=", False)], states])
        return self.env["hc.message"].search(domain, limit=IDS_LIMIT)

    @api.depends("selection")
    def _compute_census(self):
        for wizard in self:
            rows = wizard._count()
            by_verdict = Counter()
            for *_key, verdict, number in rows:
                by_verdict[verdict] += number
            wizard.total_count = sum(by_verdict.values())
            wizard.ready_count = by_verdict[Verdict.READY]
            wizard.moving_count = by_verdict[Verdict.MOVING]
            wizard.already_count = by_verdict[Verdict.ALREADY]
            wizard.blocked_count = sum(by_verdict[one] for one in BLOCKED)
            channels = self.env["hc.channel"].browse({row[0] for row in rows})
            wizard.needs_approval = any(channels.mapped("replay_approval"))
            wizard.census = wizard._render_census(rows, by_verdict)

    def _render_census(self, rows, by_verdict):
        states = dict(self.env["hc.message"]._fields["state"]._description_selection(self.env))
        why = dict(self.env["hc.replay.line"]._fields["why"]._description_selection(self.env))
        lines, by_state = {}, Counter()
        for channel, kind, state, verdict, number in rows:
            by_state[state] += number
            line = lines.setdefault((channel, kind), Counter())
            line[verdict if verdict not in BLOCKED else "blocked"] += number
        ordered = sorted(lines.items(), key=lambda item: -item[1].total())
        return self.env["ir.qweb"]._render(
            "healthcare_integration_base.replay_census",
            {
                "states": [(states[state], number) for state, number in by_state.most_common()],
                "reasons": [(why[one], by_verdict[one]) for one in BLOCKED if by_verdict[one]],
                "lines": [(*self._names(key), line) for key, line in ordered[:ROWS]],
                "more": len(ordered[ROWS:]),
            },
        )

    def _names(self, key):
        channel = self.env["hc.channel"].browse(key[0])
        return channel.display_name, self.env["hc.message.type"].browse(key[1]).display_name

    # ---------------------------------------------------------------- dry run

    def action_dry_run(self):
        """Button: handle the first messages, tell what that would change, and take it back."""
        self.ensure_one()
        self._require_operator()
        self.check_access("write")
        ids = self._ids_ready()
        if not ids:
            raise UserError(self.env._("None of the messages can be handled again."))
        try:
            report = DryRun(self.env).run(ids)
        except Busy:
            raise UserError(
                self.env._("Others are at work on the same documents just now. Try again.")
            ) from None
        self.plan = self._plan_of(report)
        self._trace(report)
        return self._action()

    def _ids_ready(self):
        """Ids of the first messages that a replay would handle."""
        states = [("state", "in", ("review", "dead", "retry")), ("direction", "=", "in")]
        in_use = [("channel_id.state", "!=", "retired"), ("system_id.active", "=", True)]
        domain = Domain.AND([self.selection or [("id", "=", False)], states, in_use])
        found = self.env["hc.message"].search(domain, order="id", limit=2 * MESSAGE_LIMIT)
        ready = found - found._on_hold()
        return ready.filtered("payload").ids[:MESSAGE_LIMIT]

    def _plan_of(self, report):
        """What is kept of a report: numbers, codes and names of documents."""
        return {
            "looked_at": report.looked_at,
            "ready": self.ready_count,
            "outcomes": [[*key, number] for key, number in report.outcomes.most_common()],
            "followup": [[kind, number] for kind, number in report.followup.most_common()],
            "traces": [
                [one.model, one.created, one.changed, list(one.names)] for one in report.traces
            ],
        }

    def _trace(self, report):
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "replay.dry_run",
                    "outcome": "rolled_back",
                    "object": f"{self._name},{self.id}",
                    "company_id": self.env.company.id,
                    "messages": report.looked_at,
                    **({"reason": self.reason} if self.reason else {}),
                }
            ]
        )

    @api.depends("plan")
    def _compute_plan_text(self):
        for wizard in self:
            wizard.plan_text = self.env["hc.replay"]._render_plan(wizard.plan)

    # ---------------------------------------------------------------- starting

    def action_draft(self):
        """Button: prepare it, to be started later."""
        return self._sudo_prepared()._action_open()

    def action_start(self):
        """Button: run it now, or ask for the approval that a channel wants."""
        replays = self._sudo_prepared()
        replays.action_start()
        return replays._action_open()

    def _sudo_prepared(self):
        """Replays are nobody's to write; the checks are here."""
        self.ensure_one()
        self._require_operator()
        self.check_access("write")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the messages are handled again."))
        return self.env["hc.replay"]._sudo_prepare(
            self.selection or [("id", "=", False)],
            self.reason.strip(),
            self.plan or False,
            self.batch_limit,
        )
