# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a scanned barcode means in a ward."""

from decimal import Decimal

from odoo.exceptions import ValidationError

from odoo.addons.healthcare_integration_base.messaging.units import gtin_forms

from ..inventory.entry import plain

GS1 = "barcodes_gs1_nomenclature.default_gs1_nomenclature"


class Scan:
    """Reads barcodes: of items in any length of their GTIN, of packagings, of lots, and GS1
    element strings with item, lot or serial number, and count.

    :param shelf: the :class:`.shelf.WardShelf` it is scanned at.
    """

    def __init__(self, shelf):
        self.shelf = shelf
        self.env = shelf.env

    def meaning(self, barcode):
        """Read a barcode, which is not empty.

        :return: dict with item, lot and quantity as far as the barcode has them; None where
            it means nothing here.
        """
        return self._whole(barcode) or self._elements(barcode)

    # ------------------------------------------------------------ one thing only

    def _whole(self, barcode):
        product, quantity = self._item(barcode)
        if product:
            return self._found(product, quantity)
        lot = self._lot(barcode)
        return self._found(lot.product_id, 1, lot.name) if lot else None

    def _item(self, barcode):
        """The item of a barcode, and how much of it a packaging holds."""
        forms = gtin_forms(barcode)
        products = self._usable(self._by_barcode(forms) or self._by_identifier(forms))
        if len(products) == 1:
            return products, 1
        packaging = self.env["product.uom"].search([("barcode", "in", forms)])
        product = self._usable(packaging.product_id)
        if len(packaging) == len(product) == 1:
            return product, packaging.uom_id._compute_quantity(1, product.uom_id)
        return self.env["product.product"], 1

    def _by_barcode(self, forms):
        # Odoo would look for anything that has the digits in it.
        products = self.env["product.product"].with_context(skip_preprocess_gs1=True)
        return products.search([("barcode", "in", forms)])

    def _by_identifier(self, forms):
        """GTINs that are mapped for any system are the same everywhere."""
        identifiers = self.env["hc.identifier"].search(
            [
                ("namespace", "=", "item"),
                ("code_system", "=", "gtin"),
                ("value", "in", forms),
                ("company_id", "in", (False, self.env.company.id)),
            ]
        )
        return self.env["product.product"].browse(set(identifiers.mapped("res_id"))).exists()

    def _usable(self, products):
        return products.filtered_domain(self.shelf._usable())

    def _lot(self, barcode):
        """A lot or serial number of just one item that the ward holds."""
        quants = self.env["stock.quant"].search(
            [("location_id", "=", self.shelf.ward.id), ("lot_id.name", "=", barcode)]
        )
        lots = quants.lot_id
        return lots if len(lots) == 1 else self.env["stock.lot"]

    # --------------------------------------------------------- GS1 element string

    def _elements(self, barcode):
        try:
            elements = self._nomenclature().gs1_decompose_extended(barcode) or []
        except ValidationError:
            return None
        by_type = {element["type"]: element["value"] for element in elements}
        if not by_type.get("product"):
            return None
        product, quantity = self._item(by_type["product"])
        if not product:
            return None
        count = by_type.get("quantity") or 1
        return self._found(product, quantity * count, self._lot_of(product, elements))

    def _lot_of(self, product, elements):
        """GS1 has a lot (10) and a serial number (21); an item is tracked by one of them."""
        numbers = {one["ai"]: one["value"] for one in elements if one["type"] == "lot"}
        order = ("21", "10") if product.tracking == "serial" else ("10", "21")
        if product.tracking == "none":
            return None
        return next(filter(None, map(numbers.get, order)), None)

    def _nomenclature(self):
        """Medical supplies carry GS1, whatever the company reads in its own warehouse."""
        own = self.env.company.nomenclature_id
        return own if own.is_gs1_nomenclature else self.env.ref(GS1)

    # ---------------------------------------------------------------------- found

    def _found(self, product, quantity, lot_name=None):
        found = {
            "item": self.shelf.describe(product)[0],
            "quantity": plain(Decimal(str(product.uom_id.round(quantity)))),
            "lot": None,
        }
        if lot_name:
            lot = self.shelf.lot_named(product, lot_name)
            known = self.shelf.lot(lot, self.shelf.held_of(lot)) if lot else {}
            found["lot"] = {"name": lot_name, "known": bool(lot), **known}
        return found
