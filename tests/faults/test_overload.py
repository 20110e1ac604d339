"""Five times more than can be handled, then nothing: all that was acknowledged gets done."""

import time

import pytest
from support import invariants
from support.traffic import Stream, percentile

TIMES = 5
SECONDS = 180
SAMPLE = 300
BATCH = 50
SENDERS = 4
WAITING_SECONDS = 30
"""How much work may wait before senders are told to wait."""


@pytest.mark.long
def test_overload_then_drained(hospital, figures):
    rate = drain_rate(hospital)
    limit = max(BATCH, int(rate * WAITING_SECONDS))
    channel = [hospital.channel("cloudevents")["id"]]
    hospital.admin.call("hc.channel", "write", channel, {"backlog_limit": limit})
    before = invariants.stock_of(hospital, [ward.stock for ward in hospital.world.wards])
    most, began = 0, time.monotonic()
    each = TIMES * rate / SENDERS
    with Stream(
        hospital, 51, senders=SENDERS, batch=BATCH, per_second=each, patience=900
    ) as stream:
        while time.monotonic() - began < SECONDS:
            stream.check()
            most = max(most, hospital.waiting())
            time.sleep(0.5)
        stream.finish()
    backlog, ended = hospital.waiting(), time.monotonic()
    hospital.drained(15 * 60)
    figures.add(
        "overload",
        drain_rate_per_s=rate,
        offered_per_s=TIMES * rate,
        seconds=ended - began,
        acknowledged=len(stream.tally.acknowledged),
        effects=len(stream.identifiers),
        told_to_wait=stream.tally.refused,
        backlog_limit=limit,
        longest_backlog=most,
        backlog_at_the_end=backlog,
        drained_after_s=time.monotonic() - ended,
        answer_p99_s=percentile(stream.tally.seconds, 0.99),
    )
    hospital.admin.call("hc.channel", "write", channel, {"backlog_limit": 0})
    invariants.all_hold(hospital, before, stream.uses, stream.identifiers)
    assert stream.tally.refused, "nobody was told to wait"
    assert most < limit + TIMES * BATCH * SENDERS


def drain_rate(hospital):
    """Events a second that are handled when there are always more."""
    with Stream(hospital, 50, senders=1, batch=SAMPLE, per_second=10_000) as stream:
        while len(stream.identifiers) < SAMPLE:
            time.sleep(0.05)
        began = time.monotonic()
        stream.finish()
    hospital.drained(300)
    return len(stream.identifiers) / (time.monotonic() - began)
