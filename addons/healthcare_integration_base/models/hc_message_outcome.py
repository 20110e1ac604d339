# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

from ..messaging.errors import Kind, spec


class HcMessage(models.Model):
    """What kind of problem a message has: whether trying again can help."""

    _inherit = "hc.message"

    error_kind = fields.Selection(
        [
            (Kind.TRANSIENT.value, "May pass by itself"),
            (Kind.PERMANENT.value, "Never passes by itself"),
            (Kind.PERSON.value, "Needs a person"),
            (Kind.UNKNOWN.value, "Outcome unknown"),
            (Kind.POISON.value, "Kills its worker"),
        ],
        string="Kind of problem",
        compute="_compute_error_kind",
    )

    def _compute_error_kind(self):
        for message in self:
            code = message.error_code
            message.error_kind = spec(code).kind.value if code else False
