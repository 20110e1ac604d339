"""Ten thousand signed requests that somebody has changed, at the door of a started server."""

import json
import time

import pytest
from support import checks, mutations

MANY = 10_000


@pytest.mark.long
def test_none_is_accepted_and_none_breaks_it(struck, figures):
    sender = struck.sender()
    keys = [one["key_id"] for one in struck.systems.values() if one["key_id"] != sender.key_id]
    path = f"/hc/v1/channels/{struck.native}/messages"
    forger = mutations.Forger(sender, path, lambda: json.dumps(struck.event()).encode(), keys)
    before, began = struck.total(), time.monotonic()
    counts = mutations.storm(forger, ("127.0.0.1", struck.machine.port), range(MANY))
    seconds = time.monotonic() - began
    by_status = {}
    for (_name, status), number in counts.items():
        by_status[status] = by_status.get(status, 0) + number
    wrong = [s for s in by_status if s is not None and not 400 <= s < 500]
    assert not wrong, counts
    assert sum(by_status.values()) == MANY
    assert struck.total() == before
    checks.accepted(sender.post(struck.native, struck.event()))
    told = {str(status or "hung up"): number for status, number in by_status.items()}
    figures.add("changed signed requests", sent=MANY, accepted=0, seconds=int(seconds), **told)
