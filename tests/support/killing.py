"""Kill the server while it takes events and works on them, and look what is left."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from hcdev import serve
from simulate.client import Sender
from simulate.documents import Use

from . import cluster as clusters
from . import invariants
from .hospital import Hospital

SENDERS = 4
EVENTS = 240
BATCH = 15
PATIENCE = 120
ACKNOWLEDGED = (200, 202)
Event = dict[str, Any]


class Traffic:
    """Senders that repeat every event until it is acknowledged, as real ones do."""

    def __init__(self, hospital: Hospital, rng: random.Random) -> None:
        self.hospital = hospital
        self.uses = [self._use(rng) for _ in range(EVENTS)]
        self.events = [hospital.event(use) for use in self.uses]
        self.acknowledged: set[str] = set()
        self.repeated = 0
        self._lock = threading.Lock()

    def _use(self, rng: random.Random) -> Use:
        wards, items = len(self.hospital.world.wards), min(12, len(self.hospital.world.plain))
        return self.hospital.use(
            rng.randint(1, 5), ward=rng.randrange(wards), item=rng.randrange(items)
        )

    def parts(self) -> Iterator[tuple[bool, list[Event]]]:
        """Shares of the senders: half of them one by one, half in batches."""
        for number in range(SENDERS):
            yield bool(number % 2), self.events[number::SENDERS]

    def run(self, part: tuple[bool, list[Event]]) -> None:
        """Send one share."""
        batches, events = part
        own = self.hospital.sender()
        size = BATCH if batches else 1
        for start in range(0, len(events), size):
            chunk = events[start : start + size]
            self._until(own, self._batch if batches else self._single, chunk)
            time.sleep(0.15 if batches else 0.01)

    def _until(
        self, own: Sender, way: Callable[[Sender, list[Event]], bool], chunk: list[Event]
    ) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._try(own, way, chunk):
            assert time.monotonic() < deadline, "the server does not come back"
            with self._lock:
                self.repeated += 1
            time.sleep(0.2)

    def _try(
        self, own: Sender, way: Callable[[Sender, list[Event]], bool], chunk: list[Event]
    ) -> bool:
        try:
            return way(own, chunk)
        except requests.RequestException:
            return False

    def _single(self, own: Sender, chunk: list[Event]) -> bool:
        answer = own.post(self.hospital.native, chunk[0])
        return self._noted(chunk, [answer.status_code])

    def _batch(self, own: Sender, chunk: list[Event]) -> bool:
        answer = own.batch(self.hospital.native, chunk)
        if answer.status_code != 207:
            return self._noted(chunk, [answer.status_code] * len(chunk))
        return self._noted(chunk, [item["status"] for item in answer.json()["items"]])

    def _noted(self, chunk: list[Event], statuses: list[int]) -> bool:
        """What is refused for good would be a loss; only 5xx may be repeated."""
        assert all(status in ACKNOWLEDGED or status >= 500 for status in statuses), statuses
        done = {e["id"] for e, s in zip(chunk, statuses, strict=True) if s in ACKNOWLEDGED}
        with self._lock:
            self.acknowledged |= done
        return len(done) == len(chunk)


def play(hospital: Hospital, seed: int, strike: Callable[[], None]) -> Traffic:
    """Traffic with one strike in its middle; then all that must hold."""
    traffic = Traffic(hospital, random.Random(seed))
    before = invariants.stock(hospital, traffic.uses)
    share = int(EVENTS * random.Random(seed).uniform(0.1, 0.6))
    with ThreadPoolExecutor(SENDERS) as pool:
        running = [pool.submit(traffic.run, part) for part in traffic.parts()]
        while len(traffic.acknowledged) < share and not any(one.done() for one in running):
            time.sleep(0.01)
        strike()
        for one in running:
            one.result()
    identifiers = [event["id"] for event in traffic.events]
    assert traffic.acknowledged == set(identifiers)
    hospital.drained(240, nudge=True)
    invariants.exactly_once(hospital, identifiers, lines=1)
    invariants.stock_changed(hospital, before, traffic.uses)
    invariants.nothing_in_hand(hospital)
    return traffic


def whole_server(hospital: Hospital) -> None:
    """``kill -9`` of the supervisor and all under it; somebody starts it again."""
    hospital.machine.kill(supervisor=True)
    hospital.machine.start()


def all_odoo(hospital: Hospital) -> None:
    """``kill -9`` of every Odoo process; the supervisor starts them again."""
    hospital.machine.kill(supervisor=False)
    hospital.machine.wait_ready()


def cron_only(hospital: Hospital) -> None:
    """``kill -9`` of the processes that handle messages; intake goes on."""
    machine = hospital.machine
    pids = [pid for pid in serve.processes(machine.conf) if "--no-http" in serve.arguments(pid)]
    machine.kill_these(pids)


def database(hospital: Hospital) -> None:
    """PostgreSQL ends without a word, as in a power cut, and comes back."""
    clusters.stop(hospital.cluster, "immediate")
    time.sleep(1)
    clusters.start_again(hospital.cluster)
