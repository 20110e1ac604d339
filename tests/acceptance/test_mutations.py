"""Signed requests that somebody has changed: none is accepted, and none breaks the server.

``make faults`` sends ten thousand of them, and so does ``HC_MUTATIONS=10000 make acceptance``.
"""

import json
import os

from support import checks, mutations

MANY = int(os.environ.get("HC_MUTATIONS", "1000"))


def forger(hospital):
    """Changes what the native system has signed."""
    sender = hospital.sender()
    keys = [system["key_id"] for system in hospital.systems.values()]
    others = [key for key in keys if key != sender.key_id]
    path = f"/hc/v1/channels/{hospital.native}/messages"
    return mutations.Forger(sender, path, lambda: json.dumps(hospital.event()).encode(), others)


def address(hospital):
    return "127.0.0.1", hospital.machine.port


def test_unchanged_it_is_accepted(hospital):
    """Or the others would prove nothing."""
    made = forger(hospital)
    for seed in range(5):
        wire = made.signed(mutations.random.Random(seed))
        assert mutations.ask(address(hospital), wire) == 202


def test_changed_requests(hospital, sender):
    before = hospital.total()
    counts = mutations.storm(forger(hospital), address(hospital), range(MANY))
    assert sum(counts.values()) == MANY
    wrong = {one: n for one, n in counts.items() if one[1] is not None and not 400 <= one[1] < 500}
    assert not wrong
    assert len({name for name, _status in counts}) > len(mutations.MUTATIONS)
    answered = sum(n for (_name, status), n in counts.items() if status == 401)
    assert answered > MANY * 0.7, counts
    assert hospital.total() == before
    checks.accepted(sender.post(hospital.native, hospital.event()))
