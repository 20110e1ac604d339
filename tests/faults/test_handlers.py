"""Handlers that raise, end their process or never return: their message pays, nobody else."""

import time

import pytest
from support.faulty import Faulty

KILL_LIMIT = 4
POISONED_BATCH = 500


def test_poison_in_a_batch(hospital, faulty, figures):
    """499 are done, one is dead after its attempts, and no more was tried than has to be."""
    events = [faulty.event() for _ in range(POISONED_BATCH)]
    events[317]["data"]["mode"] = "raise"
    began = time.monotonic()
    identifiers = faulty.send(events)
    states = faulty.settled(identifiers, 240)
    bad = identifiers[317]
    state, code, attempts, kills = states.pop(bad)
    assert (state, code, attempts, kills) == ("dead", "unexpected", 4, 0)
    assert {(row[0], row[2]) for row in states.values()} == {("done", 1)}
    assert faulty.noted(identifiers) == dict.fromkeys(states, 1)
    calls = faulty.calls()
    halvings = POISONED_BATCH.bit_length()
    # Later tries may begin in company once more.
    assert calls[bad] <= halvings + 2 * attempts
    assert max(calls[one] for one in states) <= halvings + 1
    figures.add(
        "poison in a batch of 500",
        done=len(states),
        dead=1,
        attempts=attempts,
        calls_of_the_handler_with_it=calls[bad],
        calls_with_its_neighbours=sum(calls[one] for one in states),
        duration_s=time.monotonic() - began,
    )


LONG = pytest.mark.long
KILLERS = ["exit", *(pytest.param(way, marks=LONG) for way in ("kill", "exit_all"))]


@pytest.mark.parametrize("mode", KILLERS)
def test_handler_that_ends_its_process(hospital, faulty, mode, figures):
    """Dead after four kills alone at the most; neighbours and other lanes go on."""
    other = Faulty(hospital, faulty.path, segment="enterprise")
    events = [faulty.event(thread=f"t{n % 7}") for n in range(60)]
    events[25]["data"]["mode"] = mode
    began = time.monotonic()
    identifiers = faulty.send(events)
    elsewhere = other.send([other.event() for _ in range(20)])
    assert {row[0] for row in other.settled(elsewhere, 120).values()} == {"done"}
    others_after = time.monotonic() - began
    judge(faulty, identifiers, faulty.settled(identifiers, 400), identifiers[25])
    figures.add(
        f"handler: {mode}",
        kills=faulty.calls()[identifiers[25]],
        neighbours_done=len(identifiers) - 1,
        other_lane_done_after_s=others_after,
        duration_s=time.monotonic() - began,
    )


def judge(faulty, identifiers, states, bad):
    """One is dead for its kills, all others have their one document."""
    state, code, _attempts, kills = states[bad]
    assert (state, code, kills) == ("dead", "worker_killed", KILL_LIMIT)
    assert faulty.calls()[bad] == KILL_LIMIT
    done = [one for one in identifiers if one != bad]
    assert {states[one][0] for one in done} == {"done"}
    assert faulty.noted(identifiers) == dict.fromkeys(done, 1)


@pytest.mark.long
def test_handler_that_never_returns(hospital, faulty, figures):
    """Odoo kills the worker at its time limit; that counts like any kill."""
    began = time.monotonic()
    identifiers = faulty.send([faulty.event(), faulty.event("hang"), faulty.event()])
    states = faulty.settled(identifiers, 900)
    judge(faulty, identifiers, states, identifiers[1])
    figures.add(
        "handler: hang",
        kills=faulty.calls()[identifiers[1]],
        neighbours_done=2,
        duration_s=time.monotonic() - began,
    )


def test_handler_that_wants_too_much_memory(hospital, faulty, figures):
    """The limit is an error of the one message, and its neighbours are done."""
    began = time.monotonic()
    identifiers = faulty.send([faulty.event(), faulty.event("memory"), faulty.event()])
    states = faulty.settled(identifiers, 240)
    assert states[identifiers[1]][:3] == ("dead", "unexpected", 4)
    assert {states[one][0] for one in (identifiers[0], identifiers[2])} == {"done"}
    figures.add(
        "handler: memory",
        attempts=4,
        neighbours_done=2,
        duration_s=time.monotonic() - began,
    )
