"""Five times more than can be handled, then nothing: all that was acknowledged gets done."""

import time

import pytest
from support import invariants
from support.traffic import Stream, percentile

TIMES = 5
SECONDS = 180
SAMPLE = 300
BATCH = 50


@pytest.mark.long
def test_overload_then_drained(hospital, figures):
    rate = drain_rate(hospital)
    before = invariants.stock_of(hospital, [ward.stock for ward in hospital.world.wards])
    senders = 4
    began = time.monotonic()
    with Stream(
        hospital, 51, senders=senders, batch=BATCH, per_second=TIMES * rate / senders
    ) as stream:
        while time.monotonic() - began < SECONDS:
            stream.check()
            time.sleep(0.5)
        stream.finish()
    offered = time.monotonic() - began
    backlog = hospital.waiting()
    began = time.monotonic()
    hospital.drained(30 * 60)
    drained = time.monotonic() - began
    invariants.all_hold(hospital, before, stream.uses, stream.identifiers)
    figures.add(
        "overload",
        drain_rate_per_s=rate,
        offered_per_s=len(stream.identifiers) / offered,
        acknowledged=len(stream.tally.acknowledged),
        effects=len(stream.identifiers),
        answers_429=stream.tally.statuses[429],
        answers_503=stream.tally.statuses[503],
        answer_p99_s=percentile(stream.tally.seconds, 0.99),
        backlog_at_the_end=backlog,
        drained_after_s=drained,
    )


def drain_rate(hospital):
    """Events a second that are handled when there are always more."""
    with Stream(hospital, 50, senders=1, batch=SAMPLE, per_second=10_000) as stream:
        while len(stream.identifiers) < SAMPLE:
            time.sleep(0.05)
        began = time.monotonic()
        stream.finish()
    hospital.drained(300)
    return len(stream.identifiers) / (time.monotonic() - began)
