# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    hc_needs_appointment = fields.Boolean(
        string="Needs an appointment",
        help="A charge of this service without an appointment that took place is put on the "
        "charge worklist.",
    )
