# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcMessageType(models.Model):
    """Whether a late message of the type does harm."""

    _inherit = "hc.message.type"

    newest_wins = fields.Boolean(
        string="The newest wins",
        help="Each message says how its thing is now, and the handler keeps the newest. Then "
        "messages about a thing need not wait for one of them that is in review.",
    )
