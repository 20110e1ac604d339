# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.originals import aad

BATCH = 1000


class HcMessageOriginal(models.Model):
    """What a sender wrote, encrypted, until its hours are over (ADR 0024).

    One for each document and channel; further messages of the document share it. Written by the
    engine, opened by ``hc.original.access`` alone, closed to everybody otherwise.
    """

    _name = "hc.message.original"
    _inherit = ["hc.sealed.mixin"]
    _description = "Sealed Original"
    _log_access = False
    _order = "id desc"

    create_date = fields.Datetime("Kept since", readonly=True)
    message_id = fields.Many2one(
        "hc.message", required=True, readonly=True, index=True, ondelete="cascade"
    )
    channel_id = fields.Many2one("hc.channel", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    correlation = fields.Char(readonly=True)
    sealed = fields.Text(readonly=True, copy=False, prefetch=False, groups=fields.NO_ACCESS)
    size = fields.Integer("Bytes", readonly=True)
    expires_at = fields.Datetime("Until", required=True, readonly=True)

    _sealed_columns = ("sealed",)

    _expires_idx = models.Index("(expires_at)")
    _correlation_idx = models.Index("(correlation, channel_id)")

    def _sealed_aad(self, _column):
        """Where it belongs; also for the replacement of the master key."""
        return aad(self.message_id.uuid, self.channel_id.id)

    def _opened(self):
        """The text of the original; whoever asks has checked that it may be seen.

        :raise SealError: it was sealed with a key that is not here
        """
        place = self._sealed_aad("sealed")
        raw = self.env["hc.keyring"]._ring().open(self.sudo().sealed, place)
        return raw.decode("utf-8", errors="replace")

    @api.model
    def _sudo_prune(self, ids):
        """Messages that lose their content lose their original as well, whatever its hours."""
        self.env.cr.execute(
            SQL(
                """DELETE FROM hc_message_original o USING hc_message m
                    WHERE m.id = ANY(%s)
                      AND (o.message_id = m.id
                           OR o.correlation = m.correlation_identifier
                              AND o.channel_id = m.channel_id)""",
                ids,
            )
        )
        self.invalidate_model(flush=False)

    @api.model
    def _cron_expire(self):
        """Entry of the scheduled action: delete what is over, in batches."""
        while self._delete_expired():
            self.env.cr.commit()  # pylint: disable=invalid-commit

    @api.model
    def _delete_expired(self):
        self.env.cr.execute(
            SQL(
                """DELETE FROM hc_message_original WHERE id IN (
                     SELECT id FROM hc_message_original
                      WHERE expires_at <= now() AT TIME ZONE 'UTC'
                      ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)""",
                BATCH,
            )
        )
        self.invalidate_model()
        return self.env.cr.rowcount == BATCH
