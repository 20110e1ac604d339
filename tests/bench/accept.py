"""How fast events are taken, drains stopped."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import load
from load import Events
from results import Results
from rig import Rig

BATCH = 500
WARM_UP = 1.0


def accept_one(rig: Rig, events: Events, results: Results, *, rounds: int, seconds: float) -> None:
    """One signed event a request, against a bare controller and one with one ORM create."""
    rates: dict[str, list[float]] = {"ours": [], "bare": [], "orm": []}
    for number in range(rounds + 1):
        length = seconds if number else WARM_UP
        for name, requests, status in runs(rig, events, int(800 * length)):
            found = load.drive(rig.port, requests, status, seconds=length).per_second
            if number:
                rates[name].append(found)
    ours, bare, orm = (statistics.median(rates[name]) for name in ("ours", "bare", "orm"))
    results.add("accept_one", ours, bare, "events/s, peer: a bare controller")
    results.add("accept_one_orm", ours, orm, "events/s, peer: a controller with one ORM create")


def runs(rig: Rig, events: Events, count: int) -> Iterator[tuple[str, list[bytes], int]]:
    """One round: each side with requests of the same events' size, made before the clock runs."""
    made = events.many(count)
    yield "bare", [load.plain("/hc_bench/bare", event) for event in made], 202
    yield "ours", [load.one(rig.world, event) for event in made], 202
    yield "orm", [load.plain("/hc_bench/orm", event) for event in made], 202


def accept_batch(
    rig: Rig, events: Events, results: Results, *, rounds: int, batches: int, seconds: float
) -> None:
    """Batches of 500 against the same events one by one."""
    many: list[float] = []
    single: list[float] = []
    for _round in range(rounds):
        made = [load.batch(rig.world, events.many(BATCH)) for _ in range(batches)]
        many.append(load.drive(rig.port, made, 207).per_second * BATCH)
        ones = [load.one(rig.world, event) for event in events.many(int(600 * seconds))]
        single.append(load.drive(rig.port, ones, 202, seconds=seconds).per_second)
    ours, peer = statistics.median(many), statistics.median(single)
    results.add("accept_batch", ours, peer, "events/s in batches of 500, peer: one by one")


def memory(rig: Rig, events: Events, results: Results, *, count: int) -> None:
    """Resident memory of a worker after a tenth of the events, and after all."""
    warm = count // 10
    taken(rig, events, warm)
    before = rig.memory()
    taken(rig, events, count - warm)
    results.add("memory", rig.memory(), before, f"MB a worker after {count}, peer: after {warm}")


def taken(rig: Rig, events: Events, count: int) -> None:
    """Most events in batches of 100, every tenth alone."""
    alone = count // 10
    ones = (load.one(rig.world, events.event()) for _ in range(alone))
    load.drive(rig.port, ones, 202)
    groups = (load.batch(rig.world, events.many(100)) for _ in range((count - alone) // 100))
    load.drive(rig.port, groups, 207)
