# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Lookups for a whole batch: one query per kind of code, whatever its size."""

from decimal import Decimal

from odoo.addons.healthcare_integration_base.messaging.units import UCUM, convert, gtin_forms

OWN = "urn:odoo:product"
"""Code system of Odoo's own record ids, which mean nothing to any other system."""


def pair(code):
    """A code of the contract as (system, value); a bare string is a local code."""
    if isinstance(code, dict):
        return (code.get("system") or "local", code["value"])
    return ("local", str(code))


class Codes:
    """Products, units, lots and cost centers that the items of one batch name.

    :param items: of one system and company.
    """

    def __init__(self, env, items):
        self.env = env
        self.company = env.company
        self.system = env["hc.system"].browse(items[0].system_id)
        self.digits = env["decimal.precision"].precision_get("Product Unit")
        lines = [line for item in items for line in item.data.get("lines") or ()]
        items_named = [line["item"] for line in lines if line.get("item")]
        self._products = self._find_products(set(map(pair, items_named)))
        self._units = self._find_units({unit for line in lines for unit in _unit_pairs(line)})
        self._lots = self._find_lots(lines)
        self._cost_centers = self._find_cost_centers(items)

    # ---------------------------------------------------------------- products

    def product(self, code):
        """The product of an item code, or None."""
        return self._products.get(pair(code))

    def _find_products(self, pairs):
        ids = self.env["hc.identifier"]._resolve_many(self.system, "item", pairs)
        products = self._usable("product.product", ids.values())
        found = {key: products[ids[key]] for key in pairs if ids.get(key) in products}
        found |= self._find_own(pairs - found.keys())
        return found | self._find_barcodes(pairs - found.keys())

    def _find_own(self, pairs):
        """Items by record id, as Odoo's own screens name them; from nobody else."""
        if not self.system.is_internal:
            return {}
        ids = {key: int(key[1]) for key in pairs if key[0] == OWN and key[1].isdecimal()}
        products = self._usable("product.product", ids.values())
        return {key: products[ids[key]] for key in ids if ids[key] in products}

    def _find_barcodes(self, pairs):
        """A GTIN is the same everywhere, so a barcode of just one product will do."""
        forms = {key: gtin_forms(key[1]) for key in pairs if key[0] == "gtin"}
        if not forms:
            return {}
        wanted = [form for some in forms.values() for form in some]
        products = self.env["product.product"].search(
            [("barcode", "in", wanted), ("company_id", "in", (False, self.company.id))]
        )
        by_key = {
            key: products.filtered(lambda product, some=some: product.barcode in some)
            for key, some in forms.items()
        }
        return {key: match for key, match in by_key.items() if len(match) == 1}

    def _usable(self, model, ids):
        """Records by id that exist and that the company may use."""
        records = self.env[model].browse(set(ids)).exists()
        companies = (self.company, self.env["res.company"])
        return {record.id: record for record in records if record.company_id in companies}

    # ------------------------------------------------------------------- units

    def unit(self, line, product):
        """The unit of a line, the product's own if it names none; None if unknown."""
        if not line.get("uom"):
            return product.uom_id
        return next(filter(None, map(self._units.get, _unit_pairs(line))), None)

    def quantity(self, line, unit, product):
        """The line's quantity in the product's unit, or None if it cannot be converted."""
        if not unit._has_common_reference(product.uom_id):
            return None
        return convert(
            Decimal(str(line["quantity"])),
            Decimal(str(unit.factor)),
            Decimal(str(product.uom_id.factor)),
            self.digits,
        )

    def _find_units(self, pairs):
        ids = self.env["hc.identifier"]._resolve_many(self.system, "uom", pairs)
        known = {unit.id: unit for unit in self.env["uom.uom"].browse(set(ids.values())).exists()}
        units = {key: known[ids[key]] for key in pairs if ids.get(key) in known}
        for key in pairs - units.keys():
            unit = key[0] in ("local", "ucum") and UCUM.get(key[1])
            unit = unit and self.env.ref(unit, raise_if_not_found=False)
            if unit:
                units[key] = unit
        return units

    # -------------------------------------------------------------------- lots

    def lot(self, product, name, item_code):
        """The lot of a product by the system's own map, else by its name; or None."""
        mapped = self._lots.get((*pair(item_code), name))
        if mapped is not None and mapped.product_id == product:
            return mapped
        return self._lots.get((product.id, name))

    def _find_lots(self, lines):
        names = {name for line in lines for name in lot_names(line)}
        if not names:
            return {}
        products = {self.product(line["item"]) for line in lines if line.get("item")} - {None}
        lots = self.env["stock.lot"].search(
            [
                ("product_id", "in", [product.id for product in products]),
                ("name", "in", list(names)),
                ("company_id", "in", (False, self.company.id)),
            ]
        )
        by_name = {(lot.product_id.id, lot.name): lot for lot in lots}
        return by_name | self._find_mapped_lots(lines)

    def _find_mapped_lots(self, lines):
        keys = {
            lot_pair(line["item"], name): (*pair(line["item"]), name)
            for line in lines
            if line.get("item")
            for name in lot_names(line)
        }
        ids = self.env["hc.identifier"]._resolve_many(self.system, "lot", keys.keys())
        known = self._usable("stock.lot", ids.values())
        return {keys[key]: known[ids[key]] for key in keys if ids.get(key) in known}

    # ------------------------------------------------------------ cost centers

    def cost_center(self, code):
        """The cost center of a code, or None."""
        return self._cost_centers.get(pair(code))

    def _find_cost_centers(self, items):
        pairs = {pair(i.data["cost_center"]) for i in items if i.data.get("cost_center")}
        if not pairs:
            return {}
        ids = self.env["hc.identifier"]._resolve_many(self.system, "cost_center", pairs)
        known = self._usable("hc.cost.center", ids.values())
        found = {key: known[ids[key]] for key in pairs if ids.get(key) in known}
        own = self.env["hc.cost.center"].search(
            [
                ("code", "in", [value for _system, value in pairs - found.keys()]),
                ("company_id", "=", self.company.id),
            ]
        )
        by_code = {center.code: center for center in own}
        return {key: by_code[key[1]] for key in pairs if key[1] in by_code} | found


def lot_names(line):
    """Lot and serial number of a line, as far as it has them."""
    return [line[name] for name in ("lot", "serial") if line.get(name)]


def lot_pair(item_code, name):
    """Under which code a system's lot number is mapped: a number means nothing without
    its item."""
    return ("|".join(pair(item_code)), name)


def _unit_pairs(line):
    """The codes under which a unit may be known, the system's own map first."""
    unit = line.get("uom")
    if not unit:
        return []
    if isinstance(unit, dict):
        return [pair(unit)]
    return [("local", unit), ("ucum", unit)]
