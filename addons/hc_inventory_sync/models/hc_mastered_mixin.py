# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcMasteredMixin(models.AbstractModel):
    """A record that another system is the master of: what it was told last."""

    _name = "hc.mastered.mixin"
    _description = "Kept by a Master System"

    hc_told_at = fields.Datetime(
        "Told at", readonly=True, copy=False, help="Time of the newest message about it."
    )
    hc_told_digest = fields.Char(readonly=True, copy=False)
    hc_told_revision = fields.Integer(readonly=True, copy=False, default=0)
