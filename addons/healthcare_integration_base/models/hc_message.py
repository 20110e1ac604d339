# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

from ..messaging.errors import spec
from .hc_channel import FORMATS

STATES = [
    ("received", "Received"),
    ("queued", "To Send"),
    ("retry", "Retry"),
    ("unknown", "Unknown Outcome"),
    ("review", "In Review"),
    ("done", "Done"),
    ("duplicate", "Duplicate"),
    ("superseded", "Superseded"),
    ("rejected", "Rejected"),
    ("cancelled", "Cancelled"),
    ("dead", "Dead"),
]


def _utc(moment):
    return f"{moment.isoformat()}Z" if moment else None


class HcMessage(models.Model):
    """The ledger: every event that was acknowledged, and what became of it.

    Written by the engine alone, in SQL; nobody has write access, over RPC or otherwise.
    The payload holds only what the contract allows to keep.
    """

    _name = "hc.message"
    _description = "Integration Message"
    _inherit = ["hc.content.mixin", "hc.history.mixin"]
    _order = "id desc"
    _rec_name = "message_identifier"
    _log_access = False

    uuid = fields.Char("Message", required=True, readonly=True)
    create_date = fields.Datetime("Received", readonly=True)
    direction = fields.Selection(
        [("in", "Inbound"), ("out", "Outbound")], required=True, readonly=True, default="in"
    )
    format = fields.Selection(FORMATS, readonly=True, help="How the sender wrote it.")
    system_id = fields.Many2one("hc.system", required=True, readonly=True, ondelete="restrict")
    channel_id = fields.Many2one("hc.channel", required=True, readonly=True, ondelete="restrict")
    lane_id = fields.Many2one("hc.lane", required=True, readonly=True, ondelete="restrict")
    message_type_id = fields.Many2one(
        "hc.message.type", "Message type", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    message_identifier = fields.Char("Event id", required=True, readonly=True)
    source = fields.Char(required=True, readonly=True)
    subject = fields.Char(readonly=True)
    event_time = fields.Datetime(readonly=True, help="When the sender says the event happened.")
    correlation_identifier = fields.Char("Correlation", readonly=True)
    causation_identifier = fields.Char("Causation", readonly=True)
    traceparent = fields.Char(readonly=True)
    idempotency_key = fields.Char(required=True, readonly=True)
    payload_digest = fields.Char(required=True, readonly=True)
    payload = fields.Json(
        readonly=True,
        copy=False,
        groups="healthcare_integration_base.group_integration_operator",
        help="The minimized event: only fields that the contract allows to keep.",
    )
    dropped = fields.Json(
        readonly=True,
        groups="healthcare_integration_base.group_integration_operator",
        help="How many values were not kept: contract fields by name, others as *.",
    )
    business_key = fields.Char(readonly=True)
    ordering_key = fields.Char(readonly=True)
    shard = fields.Integer(readonly=True)
    weak_key = fields.Boolean(
        readonly=True, help="The sender gave no number of its own; a resend may look new."
    )
    mapping_version = fields.Integer(
        "Mapping",
        readonly=True,
        default=0,
        help="Version of the channel's mapping by which the message was read; 0: none.",
    )
    source_digest = fields.Char(
        readonly=True, help="Digest of what was read without the mapping, where there is one."
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="received")
    attempt_count = fields.Integer("Attempts", readonly=True, default=0)
    kill_count = fields.Integer("Workers killed", readonly=True, default=0)
    retry_count = fields.Integer("Failed in a row", readonly=True, default=0)
    retrying_since = fields.Datetime("Failing since", readonly=True)
    next_attempt_at = fields.Datetime("Next attempt", readonly=True)
    error_code = fields.Char("Error", readonly=True)
    error_title = fields.Char(compute="_compute_error_text")
    error_action = fields.Char("What to do", compute="_compute_error_text")
    error_detail = fields.Char(readonly=True)
    done_at = fields.Datetime("Done", readonly=True)
    issue_id = fields.Many2one("hc.issue", readonly=True, ondelete="set null")
    duplicate_of_id = fields.Many2one("hc.message", readonly=True, ondelete="set null")
    superseded_by_id = fields.Many2one("hc.message", readonly=True, ondelete="set null")
    effect_ids = fields.One2many("hc.effect", "message_id", "Effects", readonly=True)
    attempt_ids = fields.One2many("hc.message.attempt", "message_id", "Tries", readonly=True)
    effect_count = fields.Integer(compute="_compute_effect_count")

    _uuid_uniq = models.UniqueIndex("(uuid)")
    _event_once = models.UniqueIndex("(channel_id, idempotency_key)")
    _due_idx = models.Index("(lane_id, shard, id) WHERE state IN ('received', 'queued', 'retry')")
    _blocking_idx = models.Index(
        "(lane_id, shard, ordering_key, id)"
        " WHERE state IN ('review', 'retry') AND ordering_key IS NOT NULL"
    )
    _open_idx = models.Index("(state, id) WHERE state NOT IN ('received', 'done', 'duplicate')")
    _issue_idx = models.Index("(issue_id) WHERE issue_id IS NOT NULL")
    _identifier_idx = models.Index("(message_identifier)")
    _business_key_idx = models.Index("(business_key) WHERE business_key IS NOT NULL")
    _correlation_idx = models.Index(
        "(correlation_identifier) WHERE correlation_identifier IS NOT NULL"
    )
    _create_date_idx = models.Index("USING brin (create_date)")
    # Few rows have one of these, so that they cost the way of most events nothing.
    _error_code_idx = models.Index("(error_code text_pattern_ops, id) WHERE error_code IS NOT NULL")
    _weak_idx = models.Index("(id) WHERE weak_key IS TRUE")
    _system_idx = models.Index("(system_id, id)")
    _type_idx = models.Index("(message_type_id, id)")
    _duplicate_idx = models.Index("(duplicate_of_id) WHERE duplicate_of_id IS NOT NULL")
    _superseded_idx = models.Index("(superseded_by_id) WHERE superseded_by_id IS NOT NULL")

    def _traced_fields(self):
        return frozenset({"payload"})

    def _content_event(self):
        return {
            "object": self.uuid,
            "system_id": self.system_id.id,
            "company_id": self.company_id.id,
            "correlation": self.correlation_identifier or None,
            "contract": self.message_type_id.name,
            "digest": self.payload_digest,
        }

    def _history_objects(self):
        return super()._history_objects() + self.mapped("uuid")

    def _compute_error_text(self):
        for message in self:
            error = spec(message.error_code) if message.error_code else None
            message.error_title = error.title if error else False
            message.error_action = error.action if error else False

    def _compute_effect_count(self):
        counts = dict(
            self.env["hc.effect"]._read_group(
                [("message_id", "in", self.ids)], ["message_id"], ["__count"]
            )
        )
        for message in self:
            message.effect_count = counts.get(message, 0)

    def action_open_effects(self):
        """The records that this message has brought about."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Effects"),
            "res_model": "hc.effect",
            "view_mode": "list,form",
            "domain": [("message_id", "=", self.id)],
        }

    def _sudo_changeable(self, state):
        """Those of the messages that may go into ``state`` now. What forbids it to some
        extends this; the ledger is the engine's, whoever asks.

        :raise UserError: where it may be said of none
        """
        return self

    def _sudo_changed(self):
        """What follows when somebody has decided about these messages; to be extended."""

    def _status(self, message_uuid, system_id):
        """What a sender may know of its message; none when it is not its own."""
        message = self.search([("uuid", "=", message_uuid), ("system_id", "=", system_id)])
        if not message:
            return None
        return {
            "message_id": message.uuid,
            "correlation_id": message.correlation_identifier,
            "channel": message.channel_id.code,
            "type": message.message_type_id.name,
            "state": message.state,
            "attempts": message.attempt_count,
            "error_code": message.error_code or None,
            "error_title": message.error_title or None,
            "received_at": _utc(message.create_date),
            "done_at": _utc(message.done_at),
            "duplicate_of": message.duplicate_of_id.uuid or None,
            "superseded_by": message.superseded_by_id.uuid or None,
            "effects": [
                {"role": effect.role, "model": effect.res_model, "id": effect.res_id}
                for effect in message.effect_ids
            ],
        }
