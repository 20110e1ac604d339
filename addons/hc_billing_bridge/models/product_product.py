# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _sudo_hc_untaxed(self, amount, currency):
        """What is left of a listed amount without the taxes that it includes.

        Sudo: the user of a system sees services and prices, not the set-up of taxes.

        :param amount: decimal, of one product. :return: decimal, rounded to the currency
        """
        self.ensure_one()
        taxes = self.sudo().taxes_id._filter_taxes_by_company(self.env.company)
        if not any(tax.price_include for tax in taxes.flatten_taxes_hierarchy()):
            return amount
        totals = taxes.compute_all(float(amount), currency=currency, product=self.sudo())
        return Decimal(str(currency.round(totals["total_excluded"])))
