# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models

KEPT = timedelta(days=30)


class HcExchange(models.Model):
    """What a system was told last about a record, as digests; see :mod:`..engine.echo`.

    Written by the engine alone, in SQL.
    """

    _name = "hc.exchange"
    _description = "What a System Was Told"
    _log_access = False
    _rec_name = "domain"

    system_id = fields.Many2one("hc.system", required=True, readonly=True, ondelete="cascade")
    domain = fields.Char("Data", required=True, readonly=True)
    subject = fields.Char("Record", required=True, readonly=True, help="Digest of its code.")
    facts = fields.Json(readonly=True, help="Digest of each field that was told.")
    message_id = fields.Many2one(
        "hc.message", readonly=True, index="btree_not_null", ondelete="set null"
    )
    told_at = fields.Datetime("Told at", readonly=True)

    _subject_uniq = models.UniqueIndex("(system_id, domain, subject)")

    @api.autovacuum
    def _gc_old(self):
        """What was told long ago comes back no more."""
        limit = fields.Datetime.now() - KEPT
        self.search([("told_at", "<", limit)]).unlink()
