# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcChannel(models.Model):
    """How long a message that fails is tried again, beside how often."""

    _inherit = "hc.channel"

    retry_horizon_hours = fields.Integer(
        string="Give up after (h)",
        default=72,
        help="No try is set for later than this many hours after the first failure; then the "
        "message is dead, however many attempts are left.",
    )

    _horizon_sound = models.Constraint(
        "CHECK(retry_horizon_hours BETWEEN 1 AND 8760)",
        "A message is given up between an hour and a year after it first failed.",
    )
