"""One event 5,000 times, in eight threads."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from support import invariants, load
from support.traffic import percentile

THREADS = 8
COPIES = 5000
COPIES_SHORT = 800
SLOWEST = 0.5
"""Seconds: 99 of 100 copies are answered within, on a machine with nothing else to do."""
QUIET = 0.8
"""Share of idle processors just before; where others compute, the figure says nothing."""


def test_duplicates_of_one_event(hospital, short, figures):
    use = hospital.use(3)
    event = hospital.event(use)
    before = invariants.stock_of(hospital, [use.ward.stock])
    copies = (COPIES_SHORT if short else COPIES) // THREADS

    def send(number):
        own, answers = hospital.sender(), []
        for _copy in range(copies):
            started = time.monotonic()
            answer = own.post(hospital.native, event, bearer=bool(number % 2))
            answers.append((answer, time.monotonic() - started))
        return answers

    idle = load.idle_share()
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [one for part in pool.map(send, range(THREADS)) for one in part]
    lasted = time.monotonic() - began
    assert Counter(answer.status_code for answer, _s in answers) == {
        202: 1,
        200: copies * THREADS - 1,
    }
    assert len({answer.json()["message_id"] for answer, _s in answers}) == 1
    hospital.drained()
    invariants.all_hold(hospital, before, [use], [event["id"]])
    slowest = percentile([seconds for _answer, seconds in answers], 0.99)
    figures.add(
        "duplicates of one event",
        copies=len(answers),
        effects=1,
        copies_per_s=round(len(answers) / lasted),
        answer_p99_s=slowest,
    )
    figures.add("duplicates of one event", processor_idle_before=idle)
    assert slowest <= SLOWEST or idle < QUIET, f"p99 is {slowest:.3f} s"
