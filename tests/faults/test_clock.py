"""Clocks that are wrong by ten minutes: of the server while it runs, and of senders."""

import time

import pytest
from support import checks, clock, invariants
from support.traffic import Stream

TEN_MINUTES = 600
PATIENCE = 240
"""Seconds. How long it really takes is told; a jump ahead has Odoo replace its workers first."""


@pytest.mark.parametrize("seconds", [-TEN_MINUTES, TEN_MINUTES])
def test_clock_of_a_sender(hospital, seconds):
    """What is signed with a stale time is refused, and kept once the clock is right."""
    event = hospital.event()
    own = hospital.sender()
    stale = int(time.time()) + seconds
    refused = checks.problem(
        own.post(hospital.native, event, timestamp=stale), 401, "timestamp_stale"
    )
    assert refused["title"]
    assert hospital.kept(event["id"]) == 0
    checks.accepted(own.post(hospital.native, event))


def test_clock_of_another_wards_sender_in_a_batch(hospital):
    """Nothing of a stale batch is kept."""
    events = [hospital.event() for _ in range(20)]
    stale = int(time.time()) - TEN_MINUTES
    answer = hospital.sender().batch(hospital.native, events, timestamp=stale)
    checks.problem(answer, 401, "timestamp_stale")
    assert all(hospital.kept(event["id"]) == 0 for event in events)


@pytest.mark.long
def test_clock_of_the_server(hospital, faulty, figures):
    """It jumps ahead, behind and back while events come in and others wait for a retry."""
    before = invariants.stock_of(hospital, [ward.stock for ward in hospital.world.wards])
    retried, slowest = [], 0.0
    # For a server that is behind, a credential of this minute is not valid yet.
    hospital.machine.sql("UPDATE hc_credential SET valid_from = valid_from - interval '1 hour'")
    with clock.settable(hospital.machine) as set_clock:
        with Stream(hospital, 41, bearer=True) as stream:
            for seconds in (TEN_MINUTES, -TEN_MINUTES, 0):
                pending = [faulty.event("raise_first") for _ in range(5)]
                retried += faulty.send(pending, bearer=True)
                set_clock.set(seconds)
                time.sleep(8)
                stream.check()
                refused_or_kept(hospital, stale=bool(seconds))
                retried += faulty_after_jump(hospital, faulty)
                slowest = max(slowest, woken(hospital))
            stream.finish()
        hospital.drained(240)
        states = faulty.settled(retried, 240)
    assert {(row[0], row[2]) for row in states.values()} == {("done", 2)}
    # Three were sent to see whether they wake the lane, one when the clock was right again.
    others = [hospital.use() for _ in range(4)]
    invariants.all_hold(hospital, before, stream.uses + others, stream.identifiers)
    figures.add(
        "clock of the server ±10 min",
        acknowledged=len(stream.tally.acknowledged),
        effects=len(stream.identifiers),
        retried_messages=len(retried),
        slowest_event_to_done_s=slowest,
    )


def refused_or_kept(hospital, *, stale):
    """A signature with the right time is stale for a server with the wrong one."""
    answer = hospital.sender().post(hospital.native, hospital.event())
    if stale:
        checks.problem(answer, 401, "timestamp_stale")
    else:
        checks.accepted(answer)


def faulty_after_jump(hospital, faulty):
    """A message that fails once, sent by a sender without a signature."""
    event = faulty.event("raise_first")
    checks.accepted(faulty.sender().post(faulty.channel, event, bearer=True))
    return [event["id"]]


def woken(hospital):
    """Seconds from sending to done, of an event that nobody has to find by chance."""
    started = time.monotonic()
    event = hospital.event()
    body = checks.accepted(hospital.sender().post(hospital.native, event, bearer=True))
    hospital.settled(body["message_id"], within=PATIENCE)
    return time.monotonic() - started
