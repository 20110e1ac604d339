# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models

from ..engine.field_count import roll_up

KEEP_DAYS = 400
FIRST_DAYS = 30


class HcFieldCount(models.Model):
    """How many values of a field were not kept, by channel and day (UTC).

    Added up from the ledger by a scheduled action, never while a message is taken. What the
    contract does not name is counted under ``*``: its name may be personal too.
    """

    _name = "hc.field.count"
    _description = "Values Not Kept"
    _order = "day desc, channel_id, pointer, id"
    _rec_name = "pointer"
    _log_access = False

    channel_id = fields.Many2one("hc.channel", required=True, readonly=True, ondelete="cascade")
    system_id = fields.Many2one(related="channel_id.system_id", store=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    message_type_id = fields.Many2one(
        "hc.message.type", string="Message type", required=True, readonly=True, ondelete="cascade"
    )
    pointer = fields.Char(string="Field", required=True, readonly=True)
    day = fields.Date(required=True, readonly=True, index=True)
    message_count = fields.Integer(
        string="Messages", readonly=True, help="That came on the day, with the field or without."
    )
    dropped_count = fields.Integer(string="Values not kept", readonly=True)

    _day_uniq = models.UniqueIndex("(channel_id, message_type_id, pointer, day)")

    @api.model
    def _cron_roll_up(self):
        """Scheduled: add up what has come since the last time, and the day before anew: a
        message may have been committed late."""
        self.flush_model()
        self.env.cr.execute("SELECT max(day) FROM hc_field_count")
        today = fields.Date.today()
        [last] = self.env.cr.fetchone()
        since = min(last, today) - timedelta(days=1) if last else today - timedelta(days=FIRST_DAYS)
        day = max(since, today - timedelta(days=FIRST_DAYS))
        while day <= today:
            roll_up(self.env.cr, day)
            if not self.env["ir.cron"]._commit_progress(1, remaining=(today - day).days):
                break
            day += timedelta(days=1)
        self.invalidate_model()

    @api.autovacuum
    def _gc_old(self):
        """Counts of more than a year are of no use."""
        self.env.cr.execute(
            "DELETE FROM hc_field_count WHERE day < %s",
            [fields.Date.today() - timedelta(days=KEEP_DAYS)],
        )
        self.invalidate_model()

    @api.model
    def _sums(self, channel, days):
        """``{(message type's id, pointer): (messages, values not kept)}`` of so many days."""
        since = fields.Date.today() - timedelta(days=days - 1)
        groups = self._read_group(
            [("channel_id", "=", channel.id), ("day", ">=", since)],
            ["message_type_id", "pointer"],
            ["message_count:sum", "dropped_count:sum"],
        )
        return {(kind.id, pointer): (seen, lost) for kind, pointer, seen, lost in groups}
