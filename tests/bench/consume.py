"""From the ledger to posted stock, against the calls of a connector."""

from __future__ import annotations

import statistics
import threading
import time

import load
import peer
from load import FILL, Events
from results import Results
from rig import DONE, Rig

LIMIT_SECONDS = 2.0
FOLLOW_UP_LIMIT = 30.0
OLDEST = "SELECT coalesce(extract(epoch FROM now() AT TIME ZONE 'UTC' - min(create_date)), 0)"


def consumption(
    rig: Rig, events: Events, results: Results, *, rounds: int, count: int, seconds: float
) -> None:
    """Batches of 500, the whole backlog at once, and the peer, one after the other."""
    rates: dict[str, list[float]] = {"batches": [], "backlog": [], "peer": []}
    failures = 0
    peer.run(rig, events, 3)
    for _round in range(rounds):
        found, failed = peer.run(rig, events, seconds)
        rates["peer"].append(found.per_second)
        failures += failed
        rates["batches"].append(drain(rig, events, count, 500))
        rates["backlog"].append(drain(rig, events, count, 10_000))
    other = statistics.median(rates["peer"])
    note = f"events/s, peer: create and validate a transfer, 4 clients ({failures} gave up)"
    results.add("consumption", statistics.median(rates["batches"]), other, note)
    results.add("consumption_backlog", statistics.median(rates["backlog"]), other, note)


def drain(rig: Rig, events: Events, count: int, limit: int) -> float:
    """Fill the ledger with the drains stopped, then let them go; events a second."""
    rig.drains(False)
    rig.batch_limit(limit)
    before = rig.count(DONE)
    groups = [load.batch(rig.world, events.many(FILL)) for _ in range(count // FILL)]
    load.drive(rig.port, groups, 207)
    rig.machine.sql("ANALYZE hc_message")
    rig.drains(True)
    began = time.monotonic()
    rig.wake()
    rig.drained(600)
    took = time.monotonic() - began
    assert rig.count(DONE) - before == count, "not every event was posted"
    rig.drains(False)
    return count / took


class Watch(threading.Thread):
    """Notes when each message is seen to be done, and how old follow-up work gets."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(daemon=True)
        self.rig = rig
        self.seen: dict[str, float] = {}
        self.oldest = 0.0
        self.over = threading.Event()
        self.start_after = rig.count("SELECT coalesce(max(id), 0) FROM hc_message")

    def run(self) -> None:
        connection = self.rig.machine.connect()
        with connection.cursor() as cursor:
            while not self.over.wait(0.02):
                cursor.execute(
                    "SELECT message_identifier FROM hc_message WHERE id > %s AND state = 'done'",
                    [self.start_after],
                )
                moment = time.monotonic()
                for (name,) in cursor.fetchall():
                    self.seen.setdefault(name, moment)
                cursor.execute(f"{OLDEST} FROM hc_dirty_key")
                self.oldest = max(self.oldest, float(cursor.fetchone()[0]))
        connection.close()


def latency(
    rig: Rig, events: Events, results: Results, *, seconds: float, rate: float = 5.0
) -> None:
    """A steady stream: from the answer 202 to posted stock, and to replenishment."""
    rig.batch_limit(500)
    rig.forget_waiting()
    rig.drains(True, follow_up=True)
    rest(rig, events)
    watch = Watch(rig)
    watch.start()
    answered: dict[str, float] = {}
    began = time.monotonic()
    for number in range(int(seconds * rate)):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        event = events.event()
        status = load.status(load.talk(rig.port, load.one(rig.world, event)))
        assert status == 202, status
        answered[event["id"]] = time.monotonic()
    wait_for(watch, answered)
    took = sorted(watch.seen[name] - moment for name, moment in answered.items())
    p95 = took[int(len(took) * 0.95)]
    results.add("latency_p95", p95, LIMIT_SECONDS, "s from 202 to posted stock, peer: the limit")
    oldest = settle_follow_up(rig, watch)
    results.add("replenishment", oldest, FOLLOW_UP_LIMIT, "s at the most, peer: the limit")
    rig.drains(False)


def rest(rig: Rig, events: Events) -> None:
    """Crons that were stopped are at work again, and nothing of earlier runs is left."""
    load.talk(rig.port, load.one(rig.world, events.event()))
    rig.wake()
    rig.drained(120)
    deadline = time.monotonic() + 120
    while rig.count("SELECT count(*) FROM hc_dirty_key") and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(3)


def wait_for(watch: Watch, answered: dict[str, float]) -> None:
    """Until all that was answered is done."""
    deadline = time.monotonic() + 120
    while not answered.keys() <= watch.seen.keys():
        assert time.monotonic() < deadline, "events are left"
        time.sleep(0.1)


def settle_follow_up(rig: Rig, watch: Watch) -> float:
    """Until no follow-up work is left; the greatest age that any of it had."""
    deadline = time.monotonic() + 120
    while rig.count("SELECT count(*) FROM hc_dirty_key") and time.monotonic() < deadline:
        time.sleep(0.2)
    watch.over.set()
    watch.join(10)
    return watch.oldest
