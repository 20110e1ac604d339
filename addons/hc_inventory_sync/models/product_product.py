# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "hc.mastered.mixin"]

    hc_criticality = fields.Char(
        "Criticality", help="How bad it is when there is none, as the catalog grades it."
    )
