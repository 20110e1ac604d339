# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcMessageAttempt(models.Model):
    """Tries to send."""

    _inherit = "hc.message.attempt"

    trigger = fields.Selection(selection_add=[("ask", "Asked the receiver")])
    response_status = fields.Integer(
        "HTTP status", readonly=True, help="What the receiver answered; 0: nothing."
    )
