# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    hc_charge_due_hours = fields.Integer(
        string="Charges are due within",
        default=24,
        help="Hours after an appointment's end, or after a charge's time, until the worklist "
        "asks for what is missing.",
    )
    hc_charge_owner_id = fields.Many2one(
        "res.users",
        string="Charge worklist of",
        domain="[('share', '=', False)]",
        help="Who gets new entries of the charge worklist. Empty: nobody until one takes them.",
    )

    _hc_charge_due_hours_positive = models.Constraint(
        "CHECK(hc_charge_due_hours >= 0)", "Charges cannot be due before the service."
    )
