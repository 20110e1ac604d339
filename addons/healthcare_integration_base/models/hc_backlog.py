# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

from .unlogged import make_unlogged


class HcBacklog(models.Model):
    """How much waits in a lane, or on a channel with a limit of its own, when it was last
    looked at; written by the engine, by its own SQL.

    Unlogged: after a crash of PostgreSQL the table is empty, and it is looked at anew.
    """

    _name = "hc.backlog"
    _description = "Backlog"
    _log_access = False
    _rec_name = "place"

    place = fields.Char(required=True, readonly=True)
    lane_id = fields.Many2one("hc.lane", required=True, readonly=True, ondelete="cascade")
    channel_id = fields.Many2one("hc.channel", readonly=True, index=True, ondelete="cascade")
    waiting = fields.Integer(readonly=True)
    is_full = fields.Boolean(string="Full", readonly=True)
    full_since = fields.Datetime(readonly=True)
    looked_at = fields.Datetime(readonly=True)
    drain_rate = fields.Float(string="Worked off per second", readonly=True, digits=(16, 3))

    _place_uniq = models.UniqueIndex("(place)")

    def init(self):
        make_unlogged(self.env.cr, self._table)
