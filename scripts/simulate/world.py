"""What there is to send about: wards, items and lots of a system, as Odoo has them mapped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .rpc import Odoo

Stock = dict[tuple[int, int, int | None], Decimal]


@dataclass(frozen=True)
class Ward:
    """A place that uses supplies; ``stock`` is its stock location."""

    facility: str
    code: str
    stock: int
    site: int


@dataclass(frozen=True)
class Item:
    """A code of the system and the product that it stands for."""

    system: str
    value: str
    product: int
    tracking: str

    @property
    def code(self) -> dict[str, str]:
        """The pair on the wire."""
        return {"system": self.system, "value": self.value}


@dataclass
class World:
    """What one system can talk about."""

    wards: list[Ward]
    items: list[Item]
    lots: dict[int, dict[int, str]] = field(default_factory=dict)  # product: {lot: name}

    @property
    def plain(self) -> list[Item]:
        """Items without lots and serial numbers."""
        return [item for item in self.items if item.tracking == "none"]

    @property
    def tracked(self) -> list[Item]:
        """Items by lot, of which a lot is known."""
        return [item for item in self.items if item.tracking == "lot" and self.lots[item.product]]


def read(odoo: Odoo, system: int) -> World:
    """The world of a system."""
    items = read_items(odoo, system)
    return World(read_wards(odoo, system), items, read_lots(odoo, items))


def read_wards(odoo: Odoo, system: int) -> list[Ward]:
    """Wards that have a stock location."""
    rows = odoo.read(
        "hc.site",
        [("system_id", "=", system), ("location_id", "!=", False)],
        ["facility_code", "location_code", "location_id"],
        order="facility_code, location_code",
    )
    return [
        Ward(row["facility_code"], row["location_code"], row["location_id"][0], row["id"])
        for row in rows
        if row["location_code"]
    ]


def read_items(odoo: Odoo, system: int) -> list[Item]:
    """Items that are mapped to a product, one code for each product."""
    rows = odoo.read(
        "hc.identifier",
        [("system_id", "=", system), ("namespace", "=", "item")],
        ["code_system", "value", "res_id"],
        order="id",
    )
    ids = sorted({row["res_id"] for row in rows})
    fields = ["tracking", "is_storable"]
    products = {row["id"]: row for row in odoo.read("product.product", [("id", "in", ids)], fields)}
    found: dict[int, Item] = {}
    for row in rows:
        product = products.get(row["res_id"])
        if product and product["is_storable"]:
            item = Item(row["code_system"], row["value"], row["res_id"], product["tracking"])
            found.setdefault(row["res_id"], item)
    return list(found.values())


def read_lots(odoo: Odoo, items: Iterable[Item]) -> dict[int, dict[int, str]]:
    """Names of the lots of tracked items."""
    lots: dict[int, dict[int, str]] = defaultdict(dict)
    ids = [item.product for item in items if item.tracking != "none"]
    for row in odoo.read("stock.lot", [("product_id", "in", ids)], ["product_id", "name"]):
        lots[row["product_id"][0]][row["id"]] = row["name"]
    return lots


def read_stock(odoo: Odoo, locations: Iterable[int]) -> Stock:
    """What lies where: by location, product and lot."""
    stock: Stock = defaultdict(Decimal)
    fields = ["location_id", "product_id", "lot_id", "quantity"]
    domain = [("location_id", "in", sorted(set(locations)))]
    for row in odoo.read("stock.quant", domain, fields):
        lot = row["lot_id"][0] if row["lot_id"] else None
        key = (row["location_id"][0], row["product_id"][0], lot)
        stock[key] += Decimal(str(round(row["quantity"], 6)))
    return stock


def top_up(odoo: Odoo, wanted: Stock) -> int:
    """Count in what is missing to have at least ``wanted``; says how many places."""
    have = read_stock(odoo, {key[0] for key in wanted})
    short = {key: least for key, least in wanted.items() if have.get(key, Decimal()) < least}
    quants: list[int] = []
    for (location, product, lot), least in short.items():
        values: dict[str, Any] = {
            "location_id": location,
            "product_id": product,
            "inventory_quantity": float(least),
            "lot_id": lot or False,
        }
        quants.append(inventory(odoo, values))
    if quants:
        odoo.call("stock.quant", "action_apply_inventory", quants)
    return len(quants)


def inventory(odoo: Odoo, values: dict[str, Any]) -> int:
    """A quant with a counted quantity, not applied yet."""
    made = odoo.call("stock.quant", "create", [values], context={"inventory_mode": True})
    return int(made[0] if isinstance(made, list) else made)
