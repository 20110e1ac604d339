"""From the ledger to draft invoices, against a connector that keeps them by JSON-2."""

from __future__ import annotations

import itertools
import random
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import json2
import load
from backlog import worked_off
from json2 import Connector
from load import CLIENTS, FILL
from results import Results
from rig import Rig

PER_ENCOUNTER = 10
# How many encounters are charged at the same time: a hospital, and the part of one client.
OPEN, OPEN_OF_CLIENT = 100, 3
NAMES = itertools.count(1)
OURS = """
SELECT count(DISTINCT c.id), count(DISTINCT l.id), count(DISTINCT m.id),
       count(DISTINCT m.id) FILTER (WHERE m.state = 'draft' AND m.move_type = 'out_invoice'),
       coalesce(sum(l.price_subtotal), 0)
  FROM hc_charge c
  JOIN account_move_line l ON l.id = c.move_line_id
  JOIN account_move m ON m.id = l.move_id
 WHERE c.state = 'invoiced' AND c.name LIKE %s
"""
OUR_INVOICES = """
SELECT coalesce(sum(amount_untaxed), 0) FROM account_move WHERE id IN (
    SELECT l.move_id FROM hc_charge c JOIN account_move_line l ON l.id = c.move_line_id
     WHERE c.name LIKE %s)
"""
PEERS = """
SELECT count(*), coalesce(sum(amount_untaxed), 0),
       sum((SELECT count(*) FROM account_move_line l
             WHERE l.move_id = m.id AND l.display_type = 'product'))
  FROM account_move m WHERE m.ref LIKE %s
"""


@dataclass(frozen=True)
class Charge:
    """One service for one encounter, for its payer, at the price of the product."""

    number: str
    encounter: str
    payer: dict[str, Any]
    service: dict[str, Any]
    quantity: int

    @property
    def amount(self) -> Decimal:
        """Before taxes."""
        return Decimal(self.service["price"]) * self.quantity

    def event(self) -> dict[str, Any]:
        """As the wire has it."""
        at = load.moment()
        data = {
            "charge": self.number,
            "encounter": self.encounter,
            "facility": "BENCH",
            "service": {"system": "local", "value": self.service["code"]},
            "quantity": str(self.quantity),
            "occurred_at": at,
            "action": "charge",
            "patient": {"mrn": f"M-{self.encounter}", "authority": "BENCH"},
            "coverage": {
                "payer": {"system": "local", "value": self.payer["code"]},
                "policy": f"P-{self.encounter}",
            },
        }
        return load.envelope(self.number, "charge.captured.v1", at, "BENCH", data)


class Charges(Iterator[Charge]):
    """Charges of many encounters in turn, no service twice in one: nothing is alike."""

    def __init__(self, world: dict[str, Any], encounters: int) -> None:
        self.world = world
        self.name = f"B{time.time_ns():x}{next(NAMES)}"
        self.rng = random.Random(f"{encounters}/{next(NAMES)}")
        self.weights = [1 / rank for rank in range(1, len(world["services"]) + 1)]
        self.numbers = itertools.count(1)
        self.open = [self._encounter() for _ in range(encounters)]

    def _encounter(self) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
        """Its name, its payer and what is going to be charged."""
        services: dict[str, dict[str, Any]] = {}
        while len(services) < PER_ENCOUNTER:
            service = self.rng.choices(self.world["services"], self.weights)[0]
            services[service["code"]] = service
        payer = self.rng.choice(self.world["payers"])
        return f"{self.name}-E{next(self.numbers)}", payer, list(services.values())

    def __next__(self) -> Charge:
        place = self.rng.randrange(len(self.open))
        encounter, payer, services = self.open[place]
        number = f"{self.name}-C{next(self.numbers)}"
        charge = Charge(number, encounter, payer, services.pop(), self.rng.randint(1, 3))
        if not services:
            self.open[place] = self._encounter()
        return charge


def charges(rig: Rig, results: Results, *, rounds: int, count: int, seconds: float) -> None:
    """One after the other, after a few of each that nobody counts."""
    rates: dict[str, list[float]] = {"ours": [], "peer": []}
    connector(rig, most=2)
    ours(rig, FILL)
    for _round in range(rounds):
        rates["peer"].append(connector(rig, seconds=seconds))
        rates["ours"].append(ours(rig, count))
    note = "charges/s to draft invoices, peer: find, create or extend by JSON-2, 4 clients"
    results.add("charges", *(statistics.median(rates[name]) for name in ("ours", "peer")), note)


def ours(rig: Rig, count: int) -> float:
    """From the ledger to the last invoice line; charges a second."""
    stream = Charges(rig.charges, OPEN)
    made = list(itertools.islice(stream, count))
    took = worked_off(rig, rig.charges, [one.event() for one in made])
    check_ours(rig, f"{stream.name}-%", made)
    return count / took


def check_ours(rig: Rig, names: str, made: list[Charge]) -> None:
    """Each charge is one line of a draft, and they add up to what was charged."""
    charged, lines, invoices, drafts, total = rig.machine.sql(OURS, names)[0]
    wanted = amount(made)
    assert (charged, lines) == (len(made), len(made)), "not every charge is an invoice line"
    assert invoices == drafts == encounters(made), "not one draft for each encounter and payer"
    assert total == wanted == rig.machine.sql(OUR_INVOICES, names)[0][0], "invoices do not add up"


def connector(rig: Rig, *, seconds: float = 3600.0, most: int | None = None) -> float:
    """The same kind of charges by four clients, no two of them on one encounter."""
    streams = [Charges(rig.charges, OPEN_OF_CLIENT) for _ in range(CLIENTS)]
    rate, posted = json2.run(rig, list(streams), post, seconds=seconds, most=most)
    found = [rig.machine.sql(PEERS, f"{stream.name}-%")[0] for stream in streams]
    assert sum(row[0] for row in found) == encounters(posted), "the connector doubled invoices"
    assert sum(row[1] for row in found) == amount(posted), "the connector's do not add up"
    assert sum(row[2] for row in found) == len(posted), "the connector's lines are not complete"
    return rate.per_second


def post(own: Connector, charge: Charge) -> None:
    """Find the draft of encounter and payer; create it, or add a line to it."""
    kind, payer = "out_invoice", charge.payer["partner"]
    domain = [
        ["ref", "=", charge.encounter],
        ["partner_id", "=", payer],
        ["move_type", "=", kind],
        ["state", "=", "draft"],
    ]
    line = {"product_id": charge.service["product"], "quantity": charge.quantity}
    lines = {"invoice_line_ids": [[0, 0, line]]}
    if draft := own.first("account.move", domain):
        own.call("account.move", "write", ids=[draft["id"]], vals=lines)
    else:
        values = {"move_type": kind, "partner_id": payer, "ref": charge.encounter, **lines}
        own.call("account.move", "create", vals_list=[values])


def amount(made: Iterable[Charge]) -> Decimal:
    """What they come to, before taxes."""
    return sum((one.amount for one in made), Decimal())


def encounters(made: Iterable[Charge]) -> int:
    """Of how many encounters they are."""
    return len({one.encounter for one in made})
