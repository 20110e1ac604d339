"""``kill -9`` of whatever there is, at random moments of one stream of events."""

import os
import random
import time
from collections import Counter

import pytest
from support import invariants, killing
from support.traffic import Stream, percentile

SHARE = {
    killing.http_worker: 120,
    killing.cron_worker: 50,
    killing.cron_only: 4,
    killing.all_odoo: 8,
    killing.whole_server: 10,
    killing.database: 8,
}
SHORT = {
    killing.http_worker: 10,
    killing.cron_worker: 4,
    killing.whole_server: 1,
    killing.database: 1,
}
SEED = int(os.environ.get("HC_SEED", "20261124"))


def test_kills_at_random(hospital, short, figures):
    """Whatever is killed, what was acknowledged has its one effect."""
    rng = random.Random(SEED)
    strikes = [way for way, times in (SHORT if short else SHARE).items() for _ in range(times)]
    rng.shuffle(strikes)
    before = invariants.stock_of(hospital, [ward.stock for ward in hospital.world.wards])
    began, done = time.monotonic(), Counter()
    with Stream(hospital, SEED, pause=0.15) as stream:
        for strike in strikes:
            time.sleep(rng.uniform(0.1, PAUSES.get(strike, 1.0)))
            stream.check()
            done[strike.__name__] += strike(hospital, rng)
        stream.finish()
    lasted = time.monotonic() - began
    hospital.drained(600, nudge=True)
    invariants.all_hold(hospital, before, stream.uses, stream.identifiers)
    figures.add(
        "kills at random",
        kills=sum(done.values()),
        **dict(done),
        sent_again=stream.tally.repeated,
        acknowledged=len(stream.tally.acknowledged),
        effects=len(stream.identifiers),
        answer_p99_s=percentile(stream.tally.seconds, 0.99),
        duration_s=lasted,
    )
    assert sum(done.values()) == len(strikes)
    assert stream.tally.repeated, "no kill came in the middle of a request"


PAUSES = {killing.cron_worker: 5.0}
"""Seconds at most before a kill. A message that was alone in a worker's hands at four kills
ends ``dead``, as it should, and a person would have to be asked: let the innocent get done."""


@pytest.mark.long
@pytest.mark.parametrize("number", range(4))
def test_kill_in_a_known_number_of_events(hospital, number):
    """The same with the whole server, in the middle of events that end."""
    way = (killing.whole_server, killing.all_odoo)[number % 2]
    rng = random.Random(number)
    traffic = killing.play(hospital, 1000 + number, lambda: way(hospital, rng))
    assert traffic.repeated, "the kill came after the last event"
