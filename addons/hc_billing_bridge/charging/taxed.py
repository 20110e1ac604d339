# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Unit prices of products whose taxes are included in the price.

A charge is without taxes, and so is the line that bills it; Odoo expects the price with
them where a tax is set up so.
"""

from odoo import Command


class Taxed:
    """Taxes of products and of credited lines, looked up once each."""

    def __init__(self, env):
        self.env = env
        self._positions = {}
        self._taxes = {}

    def vals(self, charge, unit):
        """Taxes and price of a line; nothing where Odoo's own choice will do."""
        line = charge.reversed_charge_id._billed_line()
        if charge.action == "credit" and line:
            taxes = line.tax_ids
            return {"tax_ids": [Command.set(taxes.ids)], **self._price(charge, taxes, unit)}
        taxes = self._of_product(charge.product_id, charge.payer_id)
        return (
            {"tax_ids": [Command.set(taxes.ids)], **self._price(charge, taxes, unit)}
            if taxes
            else {}
        )

    def _of_product(self, product, payer):
        """As Odoo chooses them, where one is included in the price; else none."""
        key = (product.id, payer.id)
        if key not in self._taxes:
            taxes = product.taxes_id._filter_taxes_by_company(self.env.company)
            if self._is_included(taxes):
                taxes = self._position(payer).map_tax(taxes)
            else:
                taxes = taxes.browse()
            self._taxes[key] = taxes
        return self._taxes[key]

    def _position(self, payer):
        if payer.id not in self._positions:
            positions = self.env["account.fiscal.position"]
            self._positions[payer.id] = positions._get_fiscal_position(payer)
        return self._positions[payer.id]

    @staticmethod
    def _is_included(taxes):
        return any(tax.price_include for tax in taxes.flatten_taxes_hierarchy())

    def _price(self, charge, taxes, unit):
        if not self._is_included(taxes):
            return {}
        details = taxes._get_tax_details(
            unit,
            1.0,
            rounding_method="round_globally",
            product=charge.product_id,
            special_mode="total_excluded",
        )
        included = [
            data["tax_amount"] for data in details["taxes_data"] if data["tax"].price_include
        ]
        return {"price_unit": unit + sum(included)}
