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
    killing.http_worker: 8,
    killing.cron_worker: 3,
    killing.whole_server: 1,
    killing.database: 1,
}
HANDLING = {killing.cron_worker, killing.cron_only}
KILLS = int(os.environ.get("HC_KILLS", "0"))
SEED = int(os.environ.get("HC_SEED", "20261124"))


def test_kills_at_random(hospital, short, figures):
    """Whatever is killed, what was acknowledged has its one effect."""
    rng = random.Random(SEED)
    strikes = chosen(SHORT if short else SHARE)
    rng.shuffle(strikes)
    before = invariants.stock_of(hospital, [ward.stock for ward in hospital.world.wards])
    began, done, in_hand = time.monotonic(), Counter(), 0
    handling = killing.Handling(hospital)
    with Stream(hospital, SEED, batch=5, pause=0.3) as stream:
        for strike in strikes:
            time.sleep(rng.uniform(0.05, 0.6))
            stream.check()
            if strike in HANDLING:
                in_hand += handling.await_one(rng)
            done[strike.__name__] += strike(hospital, rng)
        stream.finish()
    lasted = time.monotonic() - began
    hospital.drained(600, nudge=True)
    invariants.all_hold(hospital, before, stream.uses, stream.identifiers)
    figures.add(
        "kills at random",
        kills=sum(done.values()),
        **dict(done),
        while_a_batch_was_in_hand=in_hand,
        sent_again=stream.tally.repeated,
        acknowledged=len(stream.tally.acknowledged),
        effects=len(stream.identifiers),
        answer_p99_s=percentile(stream.tally.seconds, 0.99),
        duration_s=lasted,
    )
    assert sum(done.values()) == len(strikes)
    assert stream.tally.repeated, "no kill came in the middle of a request"
    assert in_hand, "no kill came in the middle of a batch"


def chosen(share):
    """Every strike as often as its share says; fewer or more of all where KILLS says so."""
    factor = KILLS / sum(share.values()) if KILLS else 1
    return [way for way, times in share.items() for _ in range(max(1, round(times * factor)))]


@pytest.mark.long
@pytest.mark.parametrize("number", range(2))
def test_kill_in_a_known_number_of_events(hospital, number):
    """The same with the whole server, in the middle of events that end."""
    way = (killing.whole_server, killing.all_odoo)[number % 2]
    rng = random.Random(number)
    traffic = killing.play(hospital, 1000 + number, lambda: way(hospital, rng))
    assert traffic.repeated, "the kill came after the last event"
