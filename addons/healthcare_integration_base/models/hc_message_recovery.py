# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_datetime

RESUMABLE = ("review", "dead", "retry")
OPEN = ("received", "queued", *RESUMABLE)
FRESH = {"in": "received", "out": "queued"}
"""The state from which a message of each direction goes on."""
OPERATOR = "healthcare_integration_base.group_integration_operator"
WEB_IDS_LIMIT = 20_000
ACTION_OF = {
    "message.resumed": "resumed",
    "message.replayed": "replayed",
    "message.skipped": "skipped",
    "message.cancelled": "cancelled",
    "message.accepted": "accepted",
}


class HcMessage(models.Model):
    """What a person can do about a message, without SQL: try again, give up, mend.

    Each decision is in the audit trail and in the message's history, with who, why, and the
    states before and after.
    """

    _inherit = "hc.message"

    decision_ids = fields.One2many("hc.message.decision", "message_id", "Decisions", readonly=True)
    history = fields.Html(compute="_compute_history", sanitize=False)
    fix_kind = fields.Selection(related="issue_id.fix_kind", string="Missing")
    issue_state = fields.Selection(related="issue_id.state", string="State of the issue")

    def _compute_history(self):
        for message in self:
            message.history = self.env["ir.qweb"]._render(
                "healthcare_integration_base.message_history", {"events": message._story()}
            )

    def _story(self):
        """What happened to the message, newest first: when it came, each try, and what people
        decided about it."""
        self.ensure_one()
        story = [self._story_event(FRESH[self.direction], self.create_date)]
        story += [
            self._story_event(
                one.trigger,
                one.started_at,
                state=one.outcome,
                code=one.error_code,
                took=one.duration_ms,
                **self._story_of_try(one),
            )
            for one in self.attempt_ids.sorted("id")
        ]
        story += [
            self._story_event(
                one.action,
                one.create_date,
                state=one.state_after,
                before=one.state_before,
                who=one.user_id.name,
                reason=one.reason,
            )
            for one in self.decision_ids.sorted("id")
        ]
        return sorted(story, key=lambda event: event["when"])[::-1]

    def _story_of_try(self, attempt):
        """What came in was handled with others, what leaves was answered by the receiver."""
        if self.direction == "out":
            return {"status": attempt.response_status}
        return {"batch": attempt.batch_size}

    def _story_event(self, event, when, state=None, **details):
        states = dict(self._fields["state"]._description_selection(self.env))
        before = details.pop("before", None)
        return {
            "event": event,
            "title": self._story_titles().get(event, event),
            "when": when,
            "local": format_datetime(self.env, when),
            "state": state,
            "state_title": states.get(state),
            "before_title": states.get(before),
            **details,
        }

    def _story_titles(self):
        tries = self.env["hc.message.attempt"]._fields["trigger"]
        decisions = self.env["hc.message.decision"]._fields["action"]
        return {
            "received": self.env._("Received"),
            "queued": self.env._("Queued"),
            **dict(tries._description_selection(self.env)),
            **({"arrival": self.env._("Sent")} if self.direction == "out" else {}),
            **dict(decisions._description_selection(self.env)),
        }

    def action_retry(self):
        """Have the selected messages handled, or sent, again now."""
        self._require_operator()
        resumable = self._in_states(
            RESUMABLE,
            self.env._("Only messages in review, dead or waiting for a retry are tried again."),
        )
        resumable._check_many_retried()
        resumable._sudo_resume()

    def action_skip(self):
        """Button: somebody has done elsewhere what the messages ask for; asks for the reason."""
        return self._ask("skipped", self.env._("Mark as handled elsewhere"))

    def action_cancel(self):
        """Button: give the messages up; asks for the reason."""
        return self._ask("cancelled", self.env._("Cancel"))

    def action_fix(self):
        """Button: the form that supplies what is missing. When it is saved, this message and
        all that wait for the same go on by themselves."""
        self.ensure_one()
        self._require_operator()
        if not self.issue_id:
            raise UserError(self.env._("Nothing is missing that a form could supply."))
        return self.issue_id.action_fix()

    def action_open_runbook(self):
        """Button: the page of the runbook about the message's error."""
        self.ensure_one()
        self.check_access("read")
        return self.env["hc.runbook"]._open(self.error_code)

    def action_replay(self):
        """Button: the wizard of a replay, for the selected messages."""
        self._require_operator()
        return self.env["hc.replay.prepare"]._open(self._chosen())

    def _chosen(self):
        """Domain of what is selected in a list. The web client names no more ids than a limit;
        whoever has selected all of a longer list means its filter."""
        domain = self.env.context.get("active_domain")
        if domain is not None and len(self) >= self._sudo_ids_limit():
            return domain
        return [("id", "in", self.ids)]

    @api.model
    def _sudo_ids_limit(self):
        """A parameter of the web client, which operators may not read."""
        value = self.env["ir.config_parameter"].sudo().get_param("web.active_ids_limit")
        return int(value or WEB_IDS_LIMIT)

    def _ask(self, decision, title):
        self._require_operator()
        self._check_open()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "hc.message.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_decision": decision, "default_message_ids": self.ids},
        }

    def _check_open(self):
        """:return: those of the messages that can still be given up"""
        return self._in_states(
            OPEN, self.env._("What is done or cancelled already cannot be cancelled.")
        )

    def _in_states(self, states, otherwise):
        """Those of the messages that a person may decide about. Of what was sent and may
        have arrived only one thing is to be said: whether it did.

        :param otherwise: what is said where there are none
        """
        unsettled = self.filtered("is_unsettled")
        found = (self - unsettled).filtered(lambda message: message.state in states)
        if found:
            return found
        if unsettled:
            raise UserError(
                self.env._("It may have arrived. Say first whether it did, or give it up.")
            )
        raise UserError(otherwise)

    def _give_up(self, decision, reason):
        """:param decision: ``cancelled``, or ``skipped`` for what was done elsewhere"""
        self._require_operator()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why."))
        given_up = self._check_open()._sudo_set_state(
            "cancelled", OPEN, f"message.{decision}", reason=reason.strip()
        )
        # What waited behind them may go on, and nobody has to look after them any more.
        given_up.issue_id.sudo()._settle()
        lanes = given_up.lane_id
        self.env.cr.postcommit.add(lanes.with_env(self.env(su=True))._wake)

    def _check_many_retried(self):
        """Trying many again at once is a replay, where a channel wants two persons for it."""
        if len(self) > 1 and any(self.channel_id.mapped("replay_approval")):
            raise UserError(
                self.env._(
                    "Their channel wants a second person to approve it when many messages are"
                    " handled again. Use Replay."
                )
            )

    def _require_operator(self):
        """Entrance check of the public methods: right on the records, and the group."""
        self.check_access("read")
        if not self.env.user.has_group(OPERATOR):
            raise AccessError(self.env._("Only integration operators may do this."))

    def _on_hold(self):
        """Those of the messages that have to stay as they are."""
        return self.filtered("is_on_hold")

    # ------------------------------------------------------------------- states

    def _sudo_resume(self):
        """Messages go on by themselves: from review, from dead, or before their time.

        The ledger is the engine's to write; users come here through checked buttons or
        by fixing a mapping.
        """
        for direction, state in FRESH.items():
            those = self.filtered(lambda message, way=direction: message.direction == way)
            those._sudo_set_state(state, RESUMABLE, "message.resumed")
        lanes = self.lane_id
        self.env.cr.postcommit.add(lanes.with_env(self.env(su=True))._wake)

    def _sudo_follow_site(self):
        """What was mapped meanwhile may lie in another company than was thought when the
        message came; see :meth:`_sudo_resume` for the reason."""
        self.env.cr.execute(
            SQL(
                "UPDATE hc_message m SET company_id = s.company_id"
                "  FROM hc_site s, hc_channel c"
                " WHERE m.id = ANY(%s) AND c.id = m.channel_id AND s.company_id <> m.company_id"
                "   AND s.active AND CASE WHEN m.payload ? 'facility'"
                "       THEN s.system_id = m.system_id AND s.location_code IS NULL"
                "            AND s.facility_code = m.payload ->> 'facility'"
                "       ELSE s.id = c.default_site_id END",
                list(self.ids),
            )
        )

    def _sudo_set_state(self, state, allowed, action, *, reason=None, replay_id=None):
        """Change those of the messages that are in an ``allowed`` state, and say so.

        See :meth:`_sudo_resume` for the reason of its name.

        :param action: of the trail
        :return: the messages that were changed
        """
        if not self:
            return self
        changing = self._sudo_changeable(state)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE hc_message m
                   SET state = %(state)s, kill_count = 0, retry_count = 0, retrying_since = NULL,
                       attempt_count = CASE WHEN m.state = 'dead' THEN 0
                                            ELSE m.attempt_count END,
                       next_attempt_at = now() AT TIME ZONE 'UTC',
                       done_at = CASE WHEN %(final)s THEN now() AT TIME ZONE 'UTC' END
                  FROM (SELECT id, state FROM hc_message
                         WHERE id = ANY(%(ids)s) AND state = ANY(%(allowed)s)
                         ORDER BY id FOR NO KEY UPDATE) AS old
                 WHERE m.id = old.id
                RETURNING m.id, m.uuid, m.system_id, m.company_id,
                          m.correlation_identifier, old.state AS state_before
                """,
                state=state,
                final=state == "cancelled",
                ids=list(changing.ids),
                allowed=list(allowed),
            )
        )
        rows = self.env.cr.dictfetchall()
        changed = self.browse(row["id"] for row in rows)
        if state == "received":
            changed._sudo_follow_site()
        self.invalidate_recordset()
        self._sudo_tell(rows, state, action, reason, replay_id)
        changed._sudo_changed()
        return changed

    @api.model
    def _sudo_tell(self, rows, state, action, reason, replay_id):
        """Trail and history are nobody's to write; see :meth:`_sudo_set_state`."""
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": state,
                    "object": row["uuid"],
                    "system_id": row["system_id"],
                    "company_id": row["company_id"],
                    "correlation": row["correlation_identifier"],
                    "state_before": row["state_before"],
                    **({"reason": reason} if reason else {}),
                    **({"replay": replay_id} if replay_id else {}),
                }
                for row in rows
            ]
        )
        if rows:
            self.env["hc.message.decision"]._sudo_add(
                rows, ACTION_OF[action], state, reason, replay_id
            )
