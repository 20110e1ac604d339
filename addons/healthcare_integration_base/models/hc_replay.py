# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .hc_message_recovery import OPERATOR

MANAGER = "healthcare_integration_base.group_integration_manager"
SETTLED = ("done", "duplicate", "superseded", "already")
NEED_SOMEBODY = ("review", "dead", "rejected")


class HcReplay(models.Model):
    """Messages that are handled again, together and in the background.

    Nobody has write access: a replay is made by its wizard and moved by its buttons. Its steps
    are :mod:`..engine.replay`; here is who may do what.
    """

    _name = "hc.replay"
    _description = "Replay"
    _inherit = ["hc.history.mixin"]
    _history_prefix = "replay"
    _order = "id desc"
    _rec_name = "reason"

    reason = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("approval", "Waiting for Approval"),
            ("running", "Running"),
            ("paused", "Paused"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    user_id = fields.Many2one("res.users", "Author", required=True, readonly=True)
    started_by_id = fields.Many2one("res.users", "Started by", readonly=True)
    needs_approval = fields.Boolean("Needs a second person", readonly=True)
    approved_by_id = fields.Many2one("res.users", "Approved by", readonly=True)
    started_at = fields.Datetime("Started", readonly=True)
    ended_at = fields.Datetime("Ended", readonly=True)
    batch_limit = fields.Integer(
        "At a time",
        readonly=True,
        default=50,
        help="How many of its messages are in the lanes at a time. Live messages wait for no "
        "more than these.",
    )
    plan = fields.Json(readonly=True, help="What the dry run found before.")
    line_ids = fields.One2many("hc.replay.line", "replay_id", "Results", readonly=True)
    total_count = fields.Integer("Messages", readonly=True)
    ended_count = fields.Integer("Handled", compute="_compute_counts")
    ok_count = fields.Integer("Done", compute="_compute_counts")
    person_count = fields.Integer("Need somebody", compute="_compute_counts")
    skipped_count = fields.Integer("Skipped", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="Percent")
    may_approve = fields.Boolean(compute="_compute_may_approve")

    def _compute_display_name(self):
        for replay in self:
            replay.display_name = self.env._("Replay %s", replay.id)

    def _compute_counts(self):
        groups = self.env["hc.replay.line"]._read_group(
            [("replay_id", "in", self.ids)], ["replay_id", "state"], ["__count"]
        )
        counts = {}
        for replay, state, count in groups:
            counts.setdefault(replay.id, {})[state] = count
        for replay in self:
            replay._set_counts(counts.get(replay.id, {}))

    def _set_counts(self, counts):
        def count(*states):
            return sum(counts.get(state, 0) for state in states)

        self.ended_count = self.total_count - count("waiting", "running")
        self.ok_count = count(*SETTLED)
        self.person_count = count(*NEED_SOMEBODY)
        self.skipped_count = count("skipped", "cancelled", "left")
        self.progress = 100.0 * self.ended_count / self.total_count if self.total_count else 0.0

    @api.depends_context("uid")
    def _compute_may_approve(self):
        is_manager = self.env.user.has_group(MANAGER)
        for replay in self:
            involved = replay.user_id | replay.started_by_id
            replay.may_approve = is_manager and self.env.user not in involved

    # ------------------------------------------------------------------ making

    @api.model
    def _sudo_prepare(self, messages, reason, plan, batch_limit):
        """Drafts of these messages, one for each company; nobody may write a replay.

        :param messages: domain of messages, as the user sees them.
        """
        self.env["hc.message"].flush_model()
        query = self.env["hc.message"]._search(messages)
        found = self.env.execute_query(
            SQL(
                "SELECT hc_message.company_id, count(*), bool_or(c.replay_approval) FROM %s"
                " JOIN hc_channel c ON c.id = hc_message.channel_id WHERE %s GROUP BY 1 ORDER BY 1",
                query.from_clause,
                query.where_clause or SQL("TRUE"),
            )
        )
        if not found:
            raise UserError(self.env._("There is no message to replay."))
        values = {
            "reason": reason,
            "user_id": self.env.uid,
            "plan": plan,
            "batch_limit": batch_limit,
        }
        replays = self.sudo().create(
            [
                {
                    **values,
                    "company_id": company_id,
                    "total_count": count,
                    "needs_approval": bool(needs),
                }
                for company_id, count, needs in found
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "INSERT INTO hc_replay_line (replay_id, message_id, company_id, state)"
                " SELECT r.id, hc_message.id, r.company_id, 'waiting' FROM %s"
                "   JOIN hc_replay r ON r.company_id = hc_message.company_id AND r.id = ANY(%s)"
                "  WHERE %s",
                query.from_clause,
                replays.ids,
                query.where_clause or SQL("TRUE"),
            )
        )
        replays = replays.sudo(False)
        replays.invalidate_recordset()
        replays._trace("replay.prepared")
        return replays

    # ----------------------------------------------------------------- buttons

    def action_start(self):
        """Button: run it, or ask for the approval that a channel wants."""
        self._require(OPERATOR)
        for replay in self:
            asks = replay.needs_approval or replay._sudo_asks_now()
            if asks and not replay.plan:
                raise UserError(
                    self.env._("Make the dry run first: who approves decides by what it shows.")
                )
            values = {"started_by_id": self.env.uid, "needs_approval": asks}
            replay._step(("draft",), "approval" if asks else "running", "replay.started", values)

    def action_approve(self):
        """Button: a second person agrees, and it runs."""
        self._require(MANAGER)
        for replay in self:
            if self.env.user in replay.user_id | replay.started_by_id:
                raise UserError(
                    self.env._("A replay is approved by somebody else than who prepared it.")
                )
            values = {"approved_by_id": self.env.uid}
            replay._step(("approval",), "running", "replay.approved", values)

    def action_pause(self):
        """Button: nothing more is begun; what is in the lanes comes to its end."""
        self._require(OPERATOR)
        self._step(("running",), "paused", "replay.paused")

    def action_resume(self):
        """Button: go on where it was."""
        self._require(OPERATOR)
        self._step(("paused",), "running", "replay.resumed")

    def action_cancel(self):
        """Button: what was not begun is left as it is, for good."""
        self._require(OPERATOR)
        self._step(("draft", "approval", "running", "paused"), "cancelled", "replay.cancelled")
        self._sudo_leave_rest()

    def action_open_lines(self):
        """Button: the result of each message."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Results"),
            "res_model": "hc.replay.line",
            "view_mode": "list,form",
            "domain": [("replay_id", "=", self.id)],
            "context": {"search_default_group_state": 1},
        }

    def action_open_person(self):
        """Button: the messages that need somebody after the replay."""
        self.ensure_one()
        self.check_access("read")
        lines = self.env["hc.replay.line"]._search(
            [("replay_id", "=", self.id), ("state", "in", NEED_SOMEBODY)]
        )
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_message"
            ),
            "domain": [("id", "in", self._message_ids_of(lines))],
            "context": {},
        }

    # ------------------------------------------------------------------- steps

    def _message_ids_of(self, lines):
        return self.env["hc.replay.line"].browse(lines).message_id.ids

    def _require(self, group):
        self.check_access("read")
        if not self.env.user.has_group(group):
            raise AccessError(self.env._("You may not do this with a replay."))

    def _step(self, before, after, action, values=None):
        if any(replay.state not in before for replay in self):
            raise UserError(self.env._("The replay is not in the right state for this."))
        if after == "running":
            values = {**(values or {}), "started_at": fields.Datetime.now()}
        if after == "cancelled":
            values = {"ended_at": fields.Datetime.now()}
        self._sudo_write({**(values or {}), "state": after})
        self._trace(action)
        if after == "running":
            self.env.cr.postcommit.add(self.sudo()._wake)

    def _sudo_write(self, values):
        """A replay is moved by its checked steps only; nobody has write access."""
        self.sudo().write(values)

    def _sudo_asks_now(self):
        """A channel may want approval since the draft was made; see :meth:`_sudo_write`."""
        asking = [("replay_id", "=", self.id), ("message_id.channel_id.replay_approval", "=", True)]
        return bool(self.env["hc.replay.line"].sudo().search_count(asking, limit=1))

    def _sudo_leave_rest(self):
        """See :meth:`_sudo_write`."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE hc_replay_line SET state = 'left', ended_at = now() AT TIME ZONE 'UTC'"
            " WHERE replay_id = ANY(%s) AND state = 'waiting'",
            [self.ids],
        )
        self.env["hc.replay.line"].invalidate_model()
        self.invalidate_recordset()

    def _trace(self, action):
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": replay.state,
                    "object": f"{replay._name},{replay.id}",
                    "company_id": replay.company_id.id,
                    "reason": replay.reason,
                    "messages": replay.total_count,
                }
                for replay in self
            ]
        )
