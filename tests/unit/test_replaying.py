# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from itertools import product

import pytest
from messaging.replaying import BLOCKED, Case, Verdict


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (Case("review"), Verdict.READY),
        (Case("dead"), Verdict.READY),
        (Case("retry"), Verdict.READY),
        (Case("received"), Verdict.MOVING),
        (Case("done"), Verdict.ALREADY),
        (Case("duplicate"), Verdict.ALREADY),
        (Case("superseded"), Verdict.ALREADY),
        (Case("cancelled"), Verdict.CANCELLED),
        (Case("rejected"), Verdict.REJECTED),
        (Case("dead", direction="out"), Verdict.OUTBOUND),
        (Case("unknown", direction="out"), Verdict.OUTBOUND),
        (Case("review", in_use=False), Verdict.RETIRED),
        (Case("review", has_content=False), Verdict.PRUNED),
        (Case("review", on_hold=True), Verdict.HELD),
        (Case("cancelled", on_trial=True), Verdict.READY),
        (Case("cancelled", in_use=False, on_trial=True), Verdict.RETIRED),
        (Case("done", on_trial=True), Verdict.ALREADY),
    ],
)
def test_verdict(case, verdict):
    assert case.verdict is verdict


def test_only_what_waits_with_its_content_is_handled():
    """Whatever else is true of it: what came to its end is never handled again."""
    states = (
        "received",
        "retry",
        "review",
        "done",
        "duplicate",
        "superseded",
        "rejected",
        "cancelled",
        "dead",
        "queued",
        "unknown",
        "a state of a later version",
    )
    ready = {
        state
        for state, direction, *flags in product(states, ("in", "out"), *[(True, False)] * 3)
        if Case(state, direction, *flags).verdict is Verdict.READY
    }
    assert ready == {"review", "dead", "retry"}


def test_each_reason_is_a_reason():
    assert set(BLOCKED) == set(Verdict) - {Verdict.READY, Verdict.MOVING, Verdict.ALREADY}
