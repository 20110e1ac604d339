"""What a connector does today: per event, create a transfer and validate it, over XML-RPC."""

from __future__ import annotations

import itertools
import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from load import CLIENTS, Events, Rate
from rig import Rig


class Connector:
    """One client of Odoo's external API."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.database = rig.machine.database
        url = rig.machine.base_url
        self.uid = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common").authenticate(
            self.database, "admin", "admin", {}
        )
        self.models = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object", allow_none=True)

    def call(self, model: str, method: str, *args: Any) -> Any:
        return self.models.execute_kw(self.database, self.uid, "admin", model, method, list(args))

    def post(self, ward: int, item: dict[str, Any], quantity: int) -> None:
        """The transfer of one event, with its lot, done."""
        world = self.rig.world
        ends = {"location_id": world["wards"][ward], "location_dest_id": world["use"]}
        line = {
            **ends,
            "product_id": item["product"],
            "product_uom_id": item["uom"],
            "quantity": quantity,
            "picked": True,
            "lot_id": item["lot"] or False,
        }
        move = {
            **ends,
            "product_id": item["product"],
            "product_uom": item["uom"],
            "product_uom_qty": quantity,
            "picked": True,
            "move_line_ids": [(0, 0, line)],
        }
        picking = self.call(
            "stock.picking",
            "create",
            {**ends, "picking_type_id": world["type"], "move_ids": [(0, 0, move)]},
        )
        done = self.call("stock.picking", "button_validate", [picking])
        assert done is True, done


def run(rig: Rig, events: Events, seconds: float) -> tuple[Rate, int]:
    """Four clients at once; also how many calls Odoo gave up on."""
    failed = itertools.count()
    began = time.monotonic()

    def client(_number: int) -> int:
        own, done = Connector(rig), 0
        while time.monotonic() - began < seconds:
            try:
                own.post(*events.pick())
            except xmlrpc.client.Fault:
                next(failed)
            else:
                done += 1
        return done

    with ThreadPoolExecutor(CLIENTS) as pool:
        total = sum(pool.map(client, range(CLIENTS)))
    return Rate(total, time.monotonic() - began), next(failed)
