"""Kill the server while it takes events and works on them, and look what is left."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from hcdev import serve

from . import cluster as clusters
from . import invariants
from .hospital import Hospital
from .traffic import BATCH, Event, Posting, Tally, some_use

SENDERS = 4
EVENTS = 240
PATIENCE = 120
DONE = "SELECT count(*) FROM hc_message WHERE state = 'done'"
IN_HAND = """
SELECT EXISTS (SELECT FROM hc_inflight) AND NOT EXISTS (
       SELECT FROM hc_message WHERE state IN ('received', 'retry') AND kill_count > 1)
"""


class Traffic:
    """A known number of events, sent by several senders."""

    def __init__(self, hospital: Hospital, rng: random.Random) -> None:
        self.hospital = hospital
        self.tally = Tally()
        self.uses = [some_use(hospital, rng) for _ in range(EVENTS)]
        self.events = [hospital.event(use) for use in self.uses]

    @property
    def acknowledged(self) -> set[str]:
        """Ids of the events that are."""
        return self.tally.acknowledged

    @property
    def repeated(self) -> int:
        """How often something had to be sent again."""
        return self.tally.repeated

    def parts(self) -> Iterator[tuple[bool, list[Event]]]:
        """Shares of the senders: half of them one by one, half in batches."""
        for number in range(SENDERS):
            yield bool(number % 2), self.events[number::SENDERS]

    def run(self, part: tuple[bool, list[Event]]) -> None:
        """Send one share."""
        batches, events = part
        posting = Posting(self.hospital, self.tally)
        size = BATCH if batches else 1
        for start in range(0, len(events), size):
            posting.until(events[start : start + size], PATIENCE)
            time.sleep(0.15 if batches else 0.01)


def play(hospital: Hospital, seed: int, strike: Callable[[], object]) -> Traffic:
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


# Each way of striking returns how many kills it was, and takes what chooses the victim.


def whole_server(hospital: Hospital, _rng: random.Random | None = None) -> int:
    """``kill -9`` of the supervisor and all under it; somebody starts it again."""
    hospital.machine.kill(supervisor=True)
    hospital.machine.start()
    return 1


def all_odoo(hospital: Hospital, _rng: random.Random | None = None) -> int:
    """``kill -9`` of every Odoo process; the supervisor starts them again."""
    hospital.machine.kill(supervisor=False)
    hospital.machine.wait_ready()
    return 1


def cron_only(hospital: Hospital, _rng: random.Random | None = None) -> int:
    """``kill -9`` of the processes that handle messages; intake goes on."""
    machine = hospital.machine
    pids = [pid for pid in serve.processes(machine.conf) if "--no-http" in serve.arguments(pid)]
    machine.kill_these(pids)
    return 1


def http_worker(hospital: Hospital, rng: random.Random) -> int:
    """``kill -9`` of one process that answers requests; its master makes another."""
    return _one_of(hospital, hospital.machine.workers, rng)


def cron_worker(hospital: Hospital, rng: random.Random) -> int:
    """``kill -9`` of one process that handles messages; its master makes another."""
    return _one_of(hospital, hospital.machine.cron_workers, rng)


def _one_of(hospital: Hospital, workers: Callable[[], list[int]], rng: random.Random) -> int:
    """Wait until there is one: a master that was killed itself has none yet."""
    deadline = time.monotonic() + PATIENCE
    while not (pids := workers()):
        assert time.monotonic() < deadline, "no worker comes back"
        time.sleep(0.1)
    hospital.machine.kill_these([rng.choice(pids)])
    return 1


class Handling:
    """Moments in which a batch is being handled, to be struck in.

    A message that was in a worker's hands at four kills, alone in the last of them, ends
    ``dead``, as it should, and a person would have to be asked. Here it is never the message's
    fault: so between two kills something gets done, and whoever was struck twice.
    """

    def __init__(self, hospital: Hospital) -> None:
        self.machine = hospital.machine
        self.done = self._done()

    def _done(self) -> int:
        return int(self.machine.sql(DONE)[0][0])

    def await_one(self, rng: random.Random, within: float = 60) -> bool:
        """Wait for such a moment, and a little; says whether a batch is in hand then."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.machine.sql(IN_HAND)[0][0] and self._done() > self.done:
                time.sleep(rng.uniform(0, 0.5))
                self.done = self._done()
                return bool(self.machine.sql(IN_HAND)[0][0])
            time.sleep(0.02)
        return False


def database(hospital: Hospital, _rng: random.Random | None = None, seconds: float = 1) -> int:
    """PostgreSQL ends without a word, as in a power cut, and comes back."""
    clusters.stop(hospital.cluster, "immediate")
    time.sleep(seconds)
    clusters.start_again(hospital.cluster)
    return 1
