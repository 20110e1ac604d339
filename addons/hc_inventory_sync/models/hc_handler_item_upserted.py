# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command, models

from odoo.addons.healthcare_integration_base.engine.item import Fix
from odoo.addons.healthcare_integration_base.messaging.units import UCUM, gtin_forms

from ..master.book import Book
from ..supply.codes import pair


class ItemBook(Book):
    """Beside the codes: units, categories, and products with a barcode."""

    def __init__(self, env, items, model, namespace, pairs):
        super().__init__(env, items, model, namespace, pairs)
        data = [item.data for item in items]
        self._units = self._find_units({one[n] for one in data for n in UNITS if one.get(n)})
        self._categories = self._find_categories(
            {one["category"] for one in data if one.get("category")}
        )
        self._barcodes = self._find_barcodes(pairs)

    def unit(self, code):
        """The unit of a code, by the system's own map, else UCUM; or nothing."""
        return self._units.get(code)

    def category(self, name):
        """The category of a name, if there is one."""
        return self._categories.get(name)

    def with_barcode(self, codes):
        """Products whose barcode is one of these GTINs."""
        found = self.env["product.product"]
        for system, value in codes:
            if system == "gtin":
                for form in gtin_forms(value):
                    found |= self._barcodes.get(form, found)
        return found

    def _find_units(self, names):
        pairs = {("local", name) for name in names} | {("ucum", name) for name in names}
        ids = self.env["hc.identifier"]._resolve_many(self.system, "uom", pairs)
        units = {}
        for name in names:
            own = ids.get(("local", name)) or ids.get(("ucum", name))
            unit = self.env["uom.uom"].browse(own or []).exists()
            if not unit and name in UCUM:
                unit = self.env.ref(UCUM[name], raise_if_not_found=False)
            if unit:
                units[name] = unit
        return units

    def _find_categories(self, names):
        found = self.env["product.category"].search([("name", "in", list(names))])
        return {one.name: one for one in found.sorted("id", reverse=True)}

    def _find_barcodes(self, pairs):
        forms = [form for system, value in pairs if system == "gtin" for form in gtin_forms(value)]
        found = (
            self.env["product.product"]
            .with_context(active_test=False)
            .search([("barcode", "in", forms), ("company_id", "in", (False, self.env.company.id))])
        )
        return {one.barcode: one for one in found}


UNITS = ("uom", "purchase_uom")


class HcHandlerItemUpserted(models.AbstractModel):
    """The item catalog of another system.

    An item is recognised by its code, else by one of its other codes, else by its barcode;
    only then it is a new product.
    """

    _name = "hc.handler.item.upserted"
    _inherit = "hc.handler.master"
    _description = "Item Catalog"

    _record = "product.product"
    _namespace = "item"
    _owned_fields = {
        "name": ("name",),
        "uom": ("uom_id",),
        "purchase_uom": ("uom_ids",),
        "category": ("categ_id",),
        "tracking": ("tracking",),
        "expiry_tracked": ("use_expiration_date",),
        "active": ("active",),
        "criticality": ("hc_criticality",),
        "identifiers": ("barcode",),
    }

    def _book(self, items):
        named = [item for item in items if item.data.get("item")]
        pairs = {code for item in named for code in self._codes(item.data)}
        return ItemBook(self.env, items, self._record, self._namespace, pairs)

    def _codes(self, data):
        return [pair(code) for code in (data["item"], *(data.get("identifiers") or ()))]

    def _alike(self, item, book):
        return book.with_barcode(self._codes(item.data))

    def _values(self, item, book):
        data = item.data
        missing = [name for name in ("name", "uom") if not data.get(name)]
        if missing:
            item.review("incomplete", detail=f"/{missing[0]}", fix=Fix("channel"))
            return None
        unit = book.unit(data["uom"])
        if not unit:
            self._unknown_unit(item, data["uom"], item.review)
            return None
        values = {
            "name": data["name"],
            "uom_id": unit.id,
            "is_storable": True,
            "tracking": data.get("tracking") or "none",
            "use_expiration_date": self._has_expiry(data),
            "active": data.get("active", True),
            "hc_criticality": data.get("criticality") or False,
        }
        values |= self._purchase(item, unit, book) | self._category(item, book)
        return values | self._barcode(item, book)

    @staticmethod
    def _has_expiry(data):
        tracked = data.get("tracking") in ("lot", "serial")
        return tracked and bool(data.get("expiry_tracked"))

    @staticmethod
    def _unknown_unit(item, code, tell):
        fix = Fix("identifier", "uom", "local", code)
        tell("unknown_unit", subject=f"local|{code}", fix=fix)

    def _purchase(self, item, unit, book):
        """A unit in which it is bought is offered where it can be converted."""
        code = item.data.get("purchase_uom")
        if not code or code == item.data["uom"]:
            return {}
        bought = book.unit(code)
        if not bought or not bought._has_common_reference(unit):
            self._unknown_unit(item, code, item.warn)
            return {}
        return {"uom_ids": [Command.link(bought.id)]}

    def _category(self, item, book):
        name = item.data.get("category")
        if not name:
            return {}
        category = book.category(name)
        if not category:
            item.warn("unknown_category", subject=name)
            return {}
        return {"categ_id": category.id}

    def _barcode(self, item, book):
        """Its first GTIN, unless another product has it."""
        codes = [code for code in self._codes(item.data) if code[0] == "gtin"][:1]
        if not codes or book.with_barcode(codes):
            return {}
        return {"barcode": codes[0][1]}
