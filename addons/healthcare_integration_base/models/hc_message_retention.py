# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..engine.prune import HOLD

SURROGATES = r"hc[sx]1\_|hcp[0-9]+\_"


class HcMessage(models.Model):
    """Messages whose content was deleted, or must not be.

    Keys, digests, states and links to effects stay, so that the same event sent again years
    later is still known and has no second effect.
    """

    _inherit = "hc.message"

    payload_pruned_at = fields.Datetime("Content deleted", readonly=True)
    prune_reason = fields.Selection(
        [("retention", "Retention"), ("erasure", "Erasure")],
        string="Deleted because of",
        readonly=True,
    )
    is_on_hold = fields.Boolean(
        "On legal hold",
        compute="_compute_is_on_hold",
        search="_search_is_on_hold",
        compute_sudo=True,
    )

    # Only what still has content: batches find what is due however much was deleted before.
    _prunable_idx = models.Index(
        "(channel_id, state, COALESCE(done_at, create_date), id) WHERE payload_pruned_at IS NULL"
        " AND state IN ('done', 'duplicate', 'superseded', 'rejected', 'cancelled')"
    )
    _pruned_idx = models.Index("(id) WHERE payload_pruned_at IS NOT NULL")
    _open_key_idx = models.Index(
        "(ordering_key, lane_id) WHERE ordering_key IS NOT NULL"
        " AND state IN ('received', 'queued', 'retry', 'unknown', 'review', 'dead')"
    )
    _open_has_content = models.Constraint(
        "CHECK(payload_pruned_at IS NULL OR state IN"
        " ('done', 'duplicate', 'superseded', 'rejected', 'cancelled'))",
        "A message without content cannot be handled any more.",
    )

    def _compute_is_on_hold(self):
        self.flush_model()
        self.env["hc.legal.hold"].flush_model()
        held = self.env.execute_query(
            SQL("SELECT m.id FROM hc_message m WHERE m.id = ANY(%s) AND %s", list(self.ids), HOLD)
        )
        ids = {row[0] for row in held}
        for message in self:
            message.is_on_hold = message.id in ids

    @api.model
    def _search_is_on_hold(self, operator, value):
        if operator != "in":
            return NotImplemented
        condition = SQL("SELECT m.id FROM hc_message m WHERE %s", HOLD)
        if set(value) == {True}:
            return [("id", "in", condition)]
        return [("id", "not in", condition)]

    @api.model
    def _sql_still_needed(self):
        """A condition on ``m``: somebody else still needs the content of this message.

        Models that keep a list of messages to be worked on add theirs; a replay is one.
        """
        return SQL(
            "EXISTS (SELECT 1 FROM hc_replay_line l WHERE l.message_id = m.id"
            " AND l.state IN ('waiting', 'running'))"
        )

    def _sudo_changeable(self, state):
        """What has no content any more cannot be handled again; see the base."""
        if state in ("received", "queued") and any(self.mapped("payload_pruned_at")):
            raise UserError(
                self.env._(
                    "The content of a message was deleted. It cannot be handled again; its"
                    " sender can send the fact as a new event."
                )
            )
        return super()._sudo_changeable(state)

    @api.model
    def _sudo_prune(self, ids, reason):
        """Delete what these messages hold of their content; nobody has write access.

        :param reason: ``retention`` or ``erasure``.
        """
        if not ids:
            return
        self.env.cr.execute(
            SQL("UPDATE hc_message SET %s WHERE id = ANY(%s)", self._sql_pruned(reason), ids),
            log_exceptions=False,
        )
        self._sudo_prune_attempts(ids)
        self.env["hc.message.original"]._sudo_prune(ids)
        self.invalidate_model(flush=False)

    @api.model
    def _sql_pruned(self, reason):
        """Columns that can hold a value of the content, and what they become."""
        return SQL(
            "payload = NULL, dropped = NULL, error_detail = NULL, prune_reason = %s,"
            " payload_pruned_at = now() AT TIME ZONE 'UTC',"
            " subject = CASE WHEN subject ~ %s THEN NULL ELSE subject END",
            reason,
            SURROGATES,
        )

    @api.model
    def _sudo_prune_attempts(self, ids):
        """Tries keep what they ended in, not what they said about it; see
        :meth:`_sudo_prune`."""
        attempts = self.env["hc.message.attempt"]
        columns = [
            SQL("%s = NULL", SQL.identifier(name))
            for name in attempts._content_fields()
            if name in attempts._fields
        ]
        if columns:
            self.env.cr.execute(
                SQL(
                    "UPDATE hc_message_attempt SET %s WHERE message_id = ANY(%s)",
                    SQL(", ").join(columns),
                    ids,
                )
            )
