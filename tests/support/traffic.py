"""Senders as real ones are: they repeat what is not acknowledged, and keep count.

A :class:`Stream` goes on until it is told to stop, so that many faults can strike one flow of
events; what it has counted is what :mod:`.invariants` compares the ledger with.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import requests
from simulate.client import Sender
from simulate.documents import Use

from .hospital import Hospital

ACKNOWLEDGED = (200, 202)
AGAIN = 429
BATCH = 15
PATIENCE = 180
LONGEST_PAUSE = 3.0
Event = dict[str, Any]


class Tally:
    """What senders have been told, counted together."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.repeated = 0
        self.broken = 0
        self.refused = 0
        self.odd: list[str] = []
        self.seconds: list[float] = []
        self._lock = threading.Lock()

    def took(self, answer: requests.Response, seconds: float) -> None:
        """Note an answer: what is no JSON, or a 503 or 429 without Retry-After, is odd."""
        with self._lock:
            self.statuses[answer.status_code] += 1
            self.seconds.append(seconds)
            if "json" not in answer.headers.get("Content-Type", ""):
                self.odd.append(f"{answer.status_code} {answer.headers.get('Content-Type')}")
            if answer.status_code in (AGAIN, 503) and not answer.headers.get("Retry-After"):
                self.odd.append(f"{answer.status_code} without Retry-After")

    def again(self, *, broken: bool) -> None:
        """Note that something has to be sent once more."""
        with self._lock:
            self.repeated += 1
            self.broken += broken

    def noted(self, chunk: list[Event], statuses: list[int]) -> bool:
        """Note what of a chunk is acknowledged; says whether all is.

        What is refused for good would be a loss: only 5xx and 429 may be repeated.
        """
        may = [status in ACKNOWLEDGED or status >= 500 or status == AGAIN for status in statuses]
        assert all(may), statuses
        done = {e["id"] for e, s in zip(chunk, statuses, strict=True) if s in ACKNOWLEDGED}
        with self._lock:
            self.acknowledged |= done
            self.refused += AGAIN in statuses
        return len(done) == len(chunk)


class Posting:
    """One sender that repeats every chunk of events until it is acknowledged whole."""

    def __init__(self, hospital: Hospital, tally: Tally, *, bearer: bool = False) -> None:
        self.tally = tally
        self.channel = hospital.native
        self.own: Sender = hospital.sender()
        self.options = {"bearer": True} if bearer else {}

    def until(self, chunk: list[Event], patience: float = PATIENCE) -> None:
        """Send a chunk, one event alone or several as a batch, until it is acknowledged."""
        deadline = time.monotonic() + patience
        while (pause := self.once(chunk)) is not None:
            assert time.monotonic() < deadline, "the server does not come back"
            time.sleep(pause)

    def once(self, chunk: list[Event]) -> float | None:
        """One try: none when all is acknowledged, else how long to wait before the next."""
        started = time.monotonic()
        try:
            answer = self._post(chunk)
            self.tally.took(answer, time.monotonic() - started)
            statuses = self._statuses(answer, chunk)
        except (requests.RequestException, ValueError):
            # A torn connection, or an answer torn in its middle.
            self.tally.again(broken=True)
            return 0.2
        if self.tally.noted(chunk, statuses):
            return None
        self.tally.again(broken=False)
        return min(float(answer.headers.get("Retry-After", 0.2)), LONGEST_PAUSE)

    def _post(self, chunk: list[Event]) -> requests.Response:
        if len(chunk) == 1:
            return self.own.post(self.channel, chunk[0], **self.options)
        return self.own.batch(self.channel, chunk, **self.options)

    def _statuses(self, answer: requests.Response, chunk: list[Event]) -> list[int]:
        if answer.status_code != 207:
            return [answer.status_code] * len(chunk)
        return [int(item["status"]) for item in answer.json()["items"]]


class Stream:
    """Traffic until it is stopped: half of the senders one by one, half in batches.

    :param pause: seconds that a sender waits after each request, four times that after a batch.
    :param per_second: events a second of each sender instead, all in batches of ``batch``.
    :param bearer: send without a signature, which no wrong clock makes stale.
    """

    def __init__(
        self,
        hospital: Hospital,
        seed: int,
        *,
        senders: int = 4,
        pause: float = 0.1,
        bearer: bool = False,
        patience: float = PATIENCE,
        batch: int = BATCH,
        per_second: float | None = None,
    ) -> None:
        self.hospital = hospital
        self.tally = Tally()
        self.batch = batch
        self.per_second = per_second
        self.uses: list[Use] = []
        self.identifiers: list[str] = []
        self._settings = (senders, pause, bearer, patience)
        self._rng = random.Random(seed)
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._running: list[Future[None]] = []
        self._pool = ThreadPoolExecutor(senders)

    def __enter__(self) -> Stream:
        senders = self._settings[0]
        self._running = [self._pool.submit(self._run, bool(n % 2)) for n in range(senders)]
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ending.set()
        self._pool.shutdown(wait=True)

    def check(self) -> None:
        """Fail at once when a sender has failed."""
        for one in self._running:
            if one.done():
                one.result()

    def finish(self) -> None:
        """No new events; wait until all that were sent are acknowledged."""
        self._ending.set()
        for one in self._running:
            one.result()
        assert self.tally.acknowledged == set(self.identifiers)
        assert not self.tally.odd, self.tally.odd[:5]

    def _run(self, batches: bool) -> None:
        _senders, pause, bearer, patience = self._settings
        posting = Posting(self.hospital, self.tally, bearer=bearer)
        while not self._ending.is_set():
            began = time.monotonic()
            posting.until(self._chunk(self.batch if batches or self.per_second else 1), patience)
            if self.per_second:
                due = began + self.batch / self.per_second
                self._ending.wait(max(0.0, due - time.monotonic()))
            else:
                self._ending.wait(pause * (4 if batches else 1))

    def _chunk(self, size: int) -> list[Event]:
        with self._lock:
            uses = [some_use(self.hospital, self._rng) for _ in range(size)]
            events = [self.hospital.event(use) for use in uses]
            self.uses += uses
            self.identifiers += [event["id"] for event in events]
        return events


def some_use(hospital: Hospital, rng: random.Random) -> Use:
    """A use of one of a dozen items in one of the wards."""
    wards, items = len(hospital.world.wards), min(12, len(hospital.world.plain))
    return hospital.use(rng.randint(1, 5), ward=rng.randrange(wards), item=rng.randrange(items))


def percentile(values: list[float], share: float) -> float:
    """The value that this share of ``values`` does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
