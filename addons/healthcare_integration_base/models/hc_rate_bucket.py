# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

from .unlogged import make_unlogged


class HcRateBucket(models.Model):
    """How much a system may send at this moment; written by the engine, by its own SQL.

    Unlogged: after a crash of PostgreSQL the table is empty, and every bucket full.
    """

    _name = "hc.rate.bucket"
    _description = "Rate Bucket"
    _log_access = False
    _rec_name = "system_id"

    system_id = fields.Many2one("hc.system", required=True, readonly=True, ondelete="cascade")
    tokens = fields.Float(
        readonly=True, digits=(16, 3), help="What could be taken when it was last asked."
    )
    granted = fields.Float(
        readonly=True, digits=(16, 3), help="What a worker got when it last asked."
    )
    filled_at = fields.Datetime(readonly=True)

    _system_uniq = models.UniqueIndex("(system_id)")

    def init(self):
        make_unlogged(self.env.cr, self._table)
