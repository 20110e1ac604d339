# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcMessage(models.Model):
    _inherit = "hc.message"

    # Without a default: the column would be written in every row of a ledger that exists.
    policy_version = fields.Integer(
        "Field policy",
        readonly=True,
        help="Version of the channel's field policy by which the message was minimized; 0: the "
        "contract's rules.",
    )
