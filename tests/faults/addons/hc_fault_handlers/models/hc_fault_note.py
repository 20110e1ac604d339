# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcFaultNote(models.Model):
    """The document that a message of the fault tests ends in."""

    _name = "hc.fault.note"
    _description = "Note of a Fault Test"

    name = fields.Char(required=True, index=True)
