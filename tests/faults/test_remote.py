"""Another system that is late, fails, hangs, tears off or lies, and senders killed meanwhile:
each notification has one effect there."""

import secrets
import time

import pytest
from support import killing, remote
from support.faulty import Faulty

TELL = "fault.told.v1"
TIMEOUT = 2
OUT = """
SELECT m.uuid, m.state, m.error_code, m.attempt_count, m.kill_count
  FROM hc_message m JOIN hc_channel c ON c.id = m.channel_id
 WHERE c.direction = 'out' AND c.code = %s
"""
ON_THE_WAY = "SELECT count(*) FROM hc_delivery"
NOTIFICATIONS = 40
KILLS = 8


class Receiver:
    """A system of ours for the other hospital system, and the channel that leads to it."""

    def __init__(self, hospital, faulty, there, on_unknown="repeat"):
        self.hospital, self.there = hospital, there
        self.code = f"told-{secrets.token_hex(3)}"
        admin = hospital.admin
        endpoint = admin.create("hc.endpoint", self._endpoint(faulty.system, there.url))
        types = admin.read("hc.message.type", [("name", "=", TELL)], ["id"])
        hospital.new_channel(
            faulty.system,
            self.code,
            types[0]["id"],
            direction="out",
            endpoint_id=endpoint,
            on_unknown=on_unknown,
            retry_max_attempts=20,
            retry_base_seconds=1,
            retry_cap_seconds=2,
        )

    def _endpoint(self, system, url):
        return {
            "name": "There",
            "system_id": system,
            "url": f"{url}/notify",
            "auth": "none",
            "allow_private": True,
            "allow_insecure": True,
            "connect_timeout": TIMEOUT,
            "read_timeout": TIMEOUT,
            "total_timeout": TIMEOUT,
            "max_parallel": 4,
            "breaker_threshold": 5,
            "breaker_base_seconds": 2,
            "breaker_cap_seconds": 4,
        }

    def rows(self):
        """State, error, attempts and kills of each notification."""
        return {row[0]: row[1:] for row in self.hospital.machine.sql(OUT, self.code)}

    def settled(self, number, faulty, within=300):
        """The same, once all have an end; what wakes the lane goes on meanwhile."""
        deadline = time.monotonic() + within
        while True:
            rows = self.rows()
            open_ones = {k: row for k, row in rows.items() if row[0] in ("queued", "retry")}
            if not open_ones and len(rows) >= number:
                return rows
            assert time.monotonic() < deadline, f"{len(open_ones)} of {len(rows)} are open"
            self.hospital.machine.wake_lanes()
            time.sleep(1)


def each_once(there, rows):
    """Every notification is done, and has one effect under its one key."""
    assert {row[0] for row in rows.values()} == {"done"}, rows
    assert there.effects == dict.fromkeys(rows, 1)


MANNERS = {
    "late": remote.LATE,
    "fails": remote.FAILS,
    "fails_afterwards": remote.FAILS_AFTERWARDS,
    "busy": remote.BUSY,
    "hangs": remote.HANGS,
    "hangs_up": remote.HANGS_UP,
    "lies": remote.LIES,
}


def test_bad_manners(hospital, faulty, short, figures):
    """Each way of answering badly, several times; then it answers well."""
    times = 1 if short else 4
    number = 20 if short else NOTIFICATIONS
    with remote.Remote() as there:
        receiver = Receiver(hospital, faulty, there)
        there.manners = [one for one in MANNERS.values() for _time in range(times)]
        began = time.monotonic()
        faulty.send([faulty.event("tell") for _ in range(number)])
        rows = receiver.settled(number, faulty)
        each_once(there, rows)
    figures.add(
        "remote that answers badly",
        notifications=len(rows),
        requests=sum(there.requests.values()),
        effects_there=sum(there.effects.values()),
        most_requests_of_one=max(there.requests.values()),
        duration_s=time.monotonic() - began,
    )


@pytest.mark.long
def test_killed_between_post_and_commit(hospital, faulty, figures):
    """The receiver has it, and the sender dies before it can write that down.

    Each time others are struck: what was on its way at four kills is dead, as it should be.
    """
    slow, number, began = remote.Manner(wait=1.0), 0, time.monotonic()
    with remote.Remote() as there:
        receiver = Receiver(hospital, faulty, there)
        for _kill in range(KILLS):
            there.manner = slow
            number += len(faulty.send([faulty.event("tell") for _ in range(3)]))
            wait_for_request(hospital, there)
            killing.cron_only(hospital)
            there.manner = remote.GOOD
            rows = receiver.settled(number, faulty)
        each_once(there, rows)
    twice = sum(count > 1 for count in there.requests.values())
    assert twice >= KILLS, "not every kill came between POST and commit"
    figures.add(
        "killed between POST and commit",
        kills=KILLS,
        notifications=len(rows),
        requests=sum(there.requests.values()),
        sent_more_than_once=twice,
        effects_there=sum(there.effects.values()),
        duration_s=time.monotonic() - began,
    )


def wait_for_request(hospital, there):
    """A request has arrived, its answer has not been sent."""
    there.arrived.clear()
    deadline = time.monotonic() + 120
    while not there.arrived.wait(0.5):
        assert time.monotonic() < deadline, "nothing is sent any more"
        hospital.machine.wake_lanes()
    assert hospital.machine.sql(ON_THE_WAY)[0][0]


def test_unknown_is_for_a_person(hospital, faulty, figures):
    """Where the receiver may take a message twice, what was not answered is not repeated."""
    with remote.Remote(remote.HANGS_UP) as there:
        receiver = Receiver(hospital, faulty, there, on_unknown="person")
        faulty.send([faulty.event("tell") for _ in range(3)])
        rows = receiver.settled(3, faulty)
        assert {row[0] for row in rows.values()} == {"unknown"}
        assert there.requests == dict.fromkeys(rows, 1)
        assert there.effects == dict.fromkeys(rows, 1)
    figures.add("remote that tears off, not repeated", unknown=len(rows), requests=3)


@pytest.mark.long
def test_another_receiver_goes_on(hospital, faulty):
    """One that hangs holds up nobody else."""
    other = Faulty(hospital, faulty.path)
    with remote.Remote(remote.HANGS) as hanging, remote.Remote() as good:
        slow = Receiver(hospital, faulty, hanging)
        fast = Receiver(hospital, other, good)
        faulty.send([faulty.event("tell") for _ in range(5)])
        other.send([other.event("tell") for _ in range(5)])
        each_once(good, fast.settled(5, other, 120))
        hanging.manner = remote.GOOD
        each_once(hanging, slow.settled(5, faulty))
