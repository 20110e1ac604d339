"""What is told after a day, and the file for scripts that send more."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import examples
from .rpc import Odoo
from .send import Answered
from .world import Item, World

TOLD = {"done", "review", "duplicate", "superseded"}
Systems = list[dict[str, Any]]


def document(env: dict[str, str], systems: Systems, login: str, password: str) -> dict[str, Any]:
    """The demo file."""
    postgres: dict[str, Any] = {
        "host": os.environ.get("PGHOST", ""),
        "port": int(os.environ.get("PGPORT") or 5432),
        "user": os.environ.get("PGUSER", ""),
    }
    return {
        "base_url": env["HC_BASE_URL"],
        "database": env["HC_DATABASE"],
        "postgres": postgres,
        "log": env.get("HC_LOG", ""),
        "login": login,
        "password": password,
        "systems": systems,
    }


def describe(odoo: Odoo, systems: Systems, worlds: dict[str, World]) -> None:
    """Add what a script needs to know to send more: places, items, an example."""
    for system in systems:
        world = worlds[system["code"]]
        system["facilities"] = sorted({ward.facility for ward in world.wards})
        system["locations"] = [
            {"facility": ward.facility, "location": ward.code} for ward in world.wards
        ]
        system["items"] = [
            item.code | {"tracking": item.tracking, "lots": lots_of(world, item)}
            for item in world.items
        ]
        known = examples.Known.of(odoo, system)
        for channel in system["channels"]:
            channel["example"] = examples.example(channel, system, world, known)


def lots_of(world: World, item: Item) -> list[str]:
    """Names of the lots of an item."""
    return sorted(world.lots.get(item.product, {}).values())


def documents(odoo: Odoo) -> dict[str, int]:
    """How many of each document there are."""
    return {
        "stock moves": odoo.count("stock.move", [("state", "=", "done")]),
        "purchase orders": odoo.count("purchase.order", [("state", "!=", "cancel")]),
        "internal transfers": odoo.count(
            "stock.picking",
            [("picking_type_code", "=", "internal"), ("state", "!=", "cancel")],
        ),
        "charges": odoo.count("hc.charge", []),
        "draft invoices": odoo.count(
            "account.move", [("move_type", "=", "out_invoice"), ("state", "=", "draft")]
        ),
        "held charges": odoo.count("hc.charge", [("state", "=", "on_hold")]),
        "appointments": odoo.count("hc.appointment", []),
        "maintenance requests": odoo.count("maintenance.request", []),
    }


def table(
    answered: list[Answered],
    before: dict[str, int],
    after: dict[str, int],
    ledger: dict[str, list[str]],
) -> None:
    """What came of the day."""
    states = Counter(state for found in ledger.values() for state in found)
    rows: list[tuple[str, int, str]] = [
        ("sent", len(answered), kinds(answered)),
        ("accepted", sum(one.status < 300 for one in answered), ""),
        ("duplicates", sum(one.letter.kind == "duplicate" for one in answered), "no second effect"),
        ("rejected", sum(one.status >= 300 for one in answered), statuses(answered)),
        ("done", states["done"], ""),
        ("review", states["review"], "wait for a person"),
        ("told before", states["duplicate"], "another message stated the same fact"),
        ("superseded", states["superseded"], "a newer message had come before"),
        ("other states", sum(count for state, count in states.items() if state not in TOLD), ""),
    ]
    for name, count in after.items():
        rows.append((name, count - before[name], f"new, {count} in all"))
    width = max(len(name) for name, _count, _note in rows)
    print()
    for name, count, note in rows:
        print(f"  {name:<{width}}  {count:>6}  {note}".rstrip())
    print()


def kinds(answered: Iterable[Answered]) -> str:
    """What was sent, by kind."""
    counts = Counter(one.letter.kind for one in answered)
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common())


def statuses(answered: Iterable[Answered]) -> str:
    """Refusals by status."""
    counts = Counter(f"{one.status} {one.letter.kind}" for one in answered if one.status >= 300)
    return ", ".join(counts)


def where(base_url: str, login: str, password: str, path: Path) -> None:
    """Where to look, and as whom."""
    print(f"  {base_url}/odoo    login {login}, password {password}")
    print(f"  credentials for scripts: {path}")
    print()


def verdict(problems: list[str]) -> int:
    """Exit status; what went otherwise is told."""
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0
