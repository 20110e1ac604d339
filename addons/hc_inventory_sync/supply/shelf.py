# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a ward holds and uses, for the screen "Record Use"."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Domain

RECENT = timedelta(days=90)
"""How far back a use makes an item one of the ward's."""
MOST_FOUND = 30


class WardShelf:
    """Items and lots of one ward.

    :param ward: a stock location, in an environment that may read stock and is of the
        ward's company.
    """

    def __init__(self, ward):
        self.env = ward.env
        self.ward = ward
        self.now = fields.Datetime.now()

    # ------------------------------------------------------------------- items

    def items(self):
        """Items that the ward holds, has a par level for, or has used; most used first."""
        held, used = self._held(), self._used()
        par = self.env["stock.warehouse.orderpoint"].search([("location_id", "=", self.ward.id)])
        products = self.env["product.product"].union(*held, *used, par.product_id)
        products = products.filtered_domain(self._usable())
        ordered = products.sorted(lambda product: (-used.get(product, 0), product.name.lower()))
        return [self._item(product, held.get(product, 0)) for product in ordered]

    def search(self, text):
        """Items by name, internal reference or barcode, whether the ward holds them or not."""
        words = Domain("name", "ilike", text) | Domain("default_code", "ilike", text)
        domain = self._usable() & (words | Domain("barcode", "=", text))
        products = self.env["product.product"].search(domain, limit=MOST_FOUND, order="name, id")
        return self.describe(products)

    def describe(self, products):
        """What the screen needs to know of items."""
        held = self._held(Domain("product_id", "in", products.ids))
        return [self._item(product, held.get(product, 0)) for product in products]

    def product(self, product_id):
        """An item that the ward may use, or an empty record."""
        domain = self._usable() & Domain("id", "=", product_id)
        return self.env["product.product"].search(domain)

    def _usable(self):
        companies = (False, self.env.company.id)
        return Domain("type", "=", "consu") & Domain("company_id", "in", companies)

    def _held(self, domain=Domain.TRUE):
        domain &= Domain("location_id", "=", self.ward.id)
        groups = self.env["stock.quant"]._read_group(domain, ["product_id"], ["quantity:sum"])
        return dict(groups)

    def _used(self):
        """In how many transfers each item has left the ward lately."""
        groups = self.env["stock.move"]._read_group(
            [*self._used_lately(), ("state", "=", "done"), ("hc_posted", "=", True)],
            ["product_id"],
            ["__count"],
        )
        return dict(groups)

    def _used_lately(self):
        return [("location_id", "=", self.ward.id), ("date", ">=", self.now - RECENT)]

    def _item(self, product, held):
        return {
            "id": product.id,
            "name": product.name,
            "variant": product.product_template_variant_value_ids._get_combination_name(),
            "code": product.default_code or "",
            "uom": product.uom_id.name,
            "tracking": product.tracking if product.is_storable else "none",
            "stored": product.is_storable,
            "held": product.uom_id.round(held),
        }

    # -------------------------------------------------------------------- lots

    def lots(self, product, returning):
        """The lots that may be meant, the first to expire first.

        :param returning: also those that the ward has used lately.
        """
        held = {lot: quantity for lot, quantity in self._held_lots(product) if quantity > 0}
        lots = self.env["stock.lot"].union(*held)
        if returning:
            lots |= self._used_lots(product)
            if product.tracking == "serial":
                lots -= self.env["stock.lot"].union(*held)
        far = self.now + timedelta(days=36500)
        ordered = lots.sorted(lambda lot: (lot.expiration_date or far, lot.name))
        return [self.lot(lot, held.get(lot, 0)) for lot in ordered]

    def lot_named(self, product, name):
        """The lot of an item with that number, or an empty record."""
        return self.env["stock.lot"].search(
            [
                ("product_id", "=", product.id),
                ("name", "=", name),
                ("company_id", "in", (False, self.env.company.id)),
            ],
            limit=1,
        )

    def lot(self, lot, held):
        expiry = lot.expiration_date
        return {
            "name": lot.name,
            "expiry": expiry and fields.Datetime.to_string(expiry),
            "expired": bool(expiry) and expiry < self.now,
            "held": lot.product_id.uom_id.round(held),
        }

    def held_of(self, lot):
        """How much of a lot the ward holds, in the item's unit."""
        return dict(self._held_lots(lot.product_id)).get(lot, 0)

    def _held_lots(self, product):
        return self.env["stock.quant"]._read_group(
            [
                ("product_id", "=", product.id),
                ("location_id", "=", self.ward.id),
                ("lot_id", "!=", False),
            ],
            ["lot_id"],
            ["quantity:sum"],
        )

    def _used_lots(self, product):
        lines = self.env["stock.move.line"].search(
            [
                *self._used_lately(),
                ("product_id", "=", product.id),
                ("state", "=", "done"),
                ("lot_id", "!=", False),
                ("move_id.hc_posted", "=", True),
            ]
        )
        return lines.lot_id
