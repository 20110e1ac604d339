# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..engine.prune import LOCK

PAGE = 5_000
PAGES = 200
"""So many pages of one night at most; the rest waits for the next."""
# A hold that names a channel or a person holds all events of its system, company and time:
# events do not say which channel or person they are about.
HELD = SQL(
    """EXISTS (SELECT 1 FROM hc_legal_hold h WHERE h.state = 'active'
         AND (e.company_id IS NULL OR h.company_id IS NULL OR h.company_id = e.company_id)
         AND (e.system_id IS NULL OR h.system_id IS NULL OR h.system_id = e.system_id)
         AND (e.correlation IS NULL OR h.correlation IS NULL OR h.correlation = e.correlation)
         AND (h.received_from IS NULL OR e.recorded_at AT TIME ZONE 'UTC' >= h.received_from)
         AND (h.received_until IS NULL OR e.recorded_at AT TIME ZONE 'UTC' <= h.received_until))"""
)


class HcAuditLog(models.Model):
    """How long the content of the trail is kept. Hashes and checkpoints stay for ever, so
    every proof stays valid, and an event that was pruned is told from one that was deleted."""

    _inherit = "hc.audit.log"

    keep_days = fields.Integer(
        "Keep events (days)",
        tracking=True,
        help="Counted from their sealing. 0: for ever. The database has a minimum of its own,"
        " which only its administrator changes.",
    )
    minimum_days = fields.Integer("Minimum (days)", compute="_compute_minimum_days")
    pruned_at = fields.Datetime("Last pruned", readonly=True, copy=False)

    def _compute_minimum_days(self):
        self.minimum_days = self._minimum()

    def _minimum(self):
        if self.env["hc.audit.event"]._schema_state()["version"] < 2:
            return 0
        return self.env.execute_query(SQL("SELECT minimum_days FROM hc_audit.log"))[0][0]

    @api.constrains("keep_days")
    def _check_keep_days(self):
        for log in self:
            if log.keep_days and log.keep_days < log._minimum():
                raise ValidationError(
                    self.env._(
                        "Events of the trail are kept for at least %s days, or for ever (0).",
                        log._minimum(),
                    )
                )

    def write(self, vals):
        """A policy decides what is deleted: who changed it, and to what, is kept."""
        before = {log.id: log.keep_days for log in self}
        result = super().write(vals)
        changed = [log for log in self if log.keep_days != before[log.id]]
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "trail.retention.changed",
                    "object": f"hc.audit.log,{log.id}",
                    "days": log.keep_days,
                    "days_before": before[log.id],
                }
                for log in changed
            ]
        )
        return result

    @api.model
    def _cron_prune(self):
        """Entry of the scheduled action: page by page, each committed."""
        log = self._sudo_log()
        self.env["ir.cron"]._commit_progress(1, remaining=0)
        if not log.keep_days:
            return
        after = 0
        for _page in range(PAGES):
            after = log._prune_page(after)
            self.env.cr.commit()  # pylint: disable=invalid-commit
            if after is None:
                break
        log.pruned_at = fields.Datetime.now()

    def _prune_page(self, after, limit=PAGE):
        """Prune what is old among the next places of the tree.

        The lock is that of retention: no hold is set between the look and the deed.

        :return: the place to go on behind, none at the end
        """
        cr = self.env.cr
        cr.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        before = fields.Datetime.now() - timedelta(days=self.keep_days)
        rows = self.env.execute_query(
            SQL(
                """SELECT e.id, l.place, %s FROM hc_audit.leaf l
                     JOIN hc_audit.event e ON e.id = l.event_id AND e.action <> 'trail.pruned'
                    WHERE l.place >= %s AND l.place < (
                          SELECT COALESCE(max(tree_size), 0) FROM hc_audit.checkpoint
                           WHERE sealed_at AT TIME ZONE 'UTC' < %s)
                    ORDER BY l.place LIMIT %s""",
                HELD,
                after,
                before,
                limit,
            )
        )
        due = [event for event, _place, is_held in rows if not is_held]
        if due:
            cr.execute(
                "SELECT hc_audit.prune(%s::bigint[], %s, %s, %s)",
                [due, self.keep_days, self.env.uid, "retention"],
            )
        return rows[-1][1] + 1 if len(rows) == limit else None
