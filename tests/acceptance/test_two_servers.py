"""Two servers on one database: both drain one lane, no key is in two hands, one takes over."""

import itertools
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hcdev import serve
from simulate import billing_documents as wire
from support import checks
from support.machine import Machine
from support.outsider import Outsider

KEYS, EVENTS, SHARDS = 24, 6, 4
NOW = datetime.now(UTC).replace(microsecond=0)
ATTEMPTS = """
SELECT m.ordering_key, m.shard, m.id, m.state, a.started_at,
       a.started_at + a.duration_ms * interval '1 ms', a.worker
  FROM hc_message_attempt a JOIN hc_message m ON m.id = a.message_id
 WHERE m.system_id = %s ORDER BY m.id, a.id
"""
STATES = """
SELECT state, count(*), sum(kill_count) FROM hc_message WHERE system_id = %s GROUP BY state
"""
IN_FLIGHT = "SELECT count(*) FROM hc_inflight WHERE lane_id = %s"
LOST = """
SELECT count(*) FROM hc_message m WHERE m.system_id = %s AND NOT EXISTS (
    SELECT 1 FROM hc_effect e WHERE e.message_id = m.id)
"""


class Pair(Outsider):
    """A scheduling system whose lane two servers drain."""

    def __init__(self, hospital, second):
        super().__init__(hospital, "two-servers")
        self.second = second
        admin = hospital.admin
        segment = admin.read("hc.system", [("id", "=", self.system)], ["segment"])[0]["segment"]
        lane = {"name": "Two servers", "code": "two-servers", "segment": segment}
        lane |= {"shard_count": SHARDS, "drainers": SHARDS, "batch_limit": 4}
        self.lane = admin.create("hc.lane", lane)
        self.open("visits", "cloudevents", wire.APPOINTED, lane_id=self.lane)
        self.credentials()
        self.minute = 0

    def wave(self):
        """Some events about each of many appointments, one after the other."""
        events = []
        for _event in range(EVENTS):
            self.minute += 1
            events += [self.event(key) for key in range(KEYS)]
        answer = self.sender.batch(self.channels["visits"], events)
        checks.clean(answer)
        assert answer.status_code == 207, answer.text
        assert {item["status"] for item in answer.json()["items"]} == {202}
        return len(events)

    def event(self, key):
        start = NOW + timedelta(days=1, minutes=self.minute)
        data = {
            "appointment": f"TWO-{key}",
            "facility": self.facility,
            "status": "booked",
            "services": [{"system": "local", "value": "SCAN"}],
            "start": start.isoformat(),
        }
        at = NOW - timedelta(days=1) + timedelta(minutes=self.minute)
        identifier = self.hospital.new_id("two")
        return wire.envelope(identifier, self.source, wire.APPOINTED, at, self.facility, data)

    def drained(self):
        self.hospital.drained(180, nudge=True)

    def attempts(self):
        return self.hospital.machine.sql(ATTEMPTS, self.system)

    def machines(self):
        """Which of the two servers have handled something."""
        workers = {int(row[-1].rpartition(":")[2]) for row in self.attempts()}
        both = {"first": self.hospital.machine, "second": self.second}
        return {
            name for name, one in both.items() if workers.intersection(serve.processes(one.conf))
        }


@pytest.fixture(scope="module")
def second(hospital):
    """Another server: its own processes and port, the same database, files and key."""
    first = hospital.machine
    folder = first.folder.with_name("two-servers")
    options = {"data_dir": first.folder / "data"}
    machine = Machine(folder, first.server, first.database, options=options)
    machine.stop()
    machine.start()
    yield machine
    machine.stop()


@pytest.fixture(scope="module")
def pair(hospital, second):
    return Pair(hospital, second)


def in_order(rows, column):
    """What has the same key, or is in the same shard, is never handled at the same time, and
    in the order of its arrival."""
    hands = defaultdict(list)
    for row in rows:
        hands[row[column]].append(row)
    for name, found in hands.items():
        for before, after in itertools.pairwise(found):
            same_batch = (before[4], before[6]) == (after[4], after[6])
            assert same_batch or before[5] <= after[4], (name, before, after)
    return len(hands)


def test_both_drain_one_lane_and_each_key_is_in_one_hand(pair):
    sent = pair.wave()
    pair.drained()
    for _round in range(5):
        if pair.machines() == {"first", "second"}:
            break
        sent += pair.wave()
        pair.drained()
    assert pair.machines() == {"first", "second"}
    rows = pair.attempts()
    assert len(rows) == sent, "each message was handled once"
    assert {row[3] for row in rows} == {"done"}
    assert in_order(rows, 0) == KEYS
    assert in_order(rows, 1) == SHARDS
    assert pair.hospital.machine.sql(LOST, pair.system) == [(0,)]


def test_they_work_at_the_same_time(pair):
    """Attempts of different workers overlap: it is no turn-taking."""
    for _round in range(5):
        rows = sorted({(row[4], row[5], row[6]) for row in pair.attempts()})
        if any(a[2] != b[2] and b[0] < a[1] for a, b in itertools.pairwise(rows)):
            return
        pair.wave()
        pair.drained()
    raise AssertionError("never two workers at the same time")


def test_one_takes_over_from_a_killed_one(pair):
    machine = pair.hospital.machine
    pair.wave()
    deadline = time.monotonic() + 60
    while not machine.sql(IN_FLIGHT, pair.lane)[0][0] and time.monotonic() < deadline:
        time.sleep(0.005)
    pair.second.kill(supervisor=True)
    pair.wave()
    pair.drained()
    states = machine.sql(STATES, pair.system)
    assert [row[0] for row in states] == ["done"], states
    assert machine.sql(IN_FLIGHT, pair.lane) == [(0,)]
    assert in_order(pair.attempts(), 0) == KEYS
    assert machine.sql(LOST, pair.system) == [(0,)]
