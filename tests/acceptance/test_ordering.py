"""Messages of one appointment when the first of them needs a person, whatever their timing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simulate import billing_documents as wire
from simulate.billing_documents import Visit
from simulate.codes import Code
from support.outsider import Outsider

APPOINTED = wire.APPOINTED
NOW = datetime.now(UTC).replace(microsecond=0)
HELD = """
SELECT count(*) FROM hc_message WHERE system_id = %s AND state = 'received'
"""


class Scheduler(Outsider):
    """A scheduling system whose site nobody has mapped."""

    def __init__(self, hospital, code, policy):
        super().__init__(hospital, code)
        self.open("visits", "hl7v2", APPOINTED, ordering_policy=policy)
        self.credentials()
        self.unmapped = f"{self.facility}-B"
        start = NOW + timedelta(days=3)
        number = hospital.new_id("visit")
        self.visit = Visit(number, self.unmapped, Code("local", "CONSULT", 0), start, 7)

    def say(self, trigger, minute):
        """A message about the appointment; its uuid."""
        at = NOW - timedelta(minutes=60 - minute)
        control = self.hospital.new_id("siu")
        visit = replace(self.visit, start=self.visit.start + timedelta(hours=minute))
        self.hl7(wire.siu(control, visit, self.msh, trigger, at))
        return self.messages(control)[0][0]

    def late(self):
        """The first message is in review before the others come."""
        first = self.say("S12", 1)
        assert self.state(first) == ("review", "unknown_facility")
        others = [self.say("S14", 2), self.say("S15", 3)]
        self.hospital.drained()
        return first, others

    def map_site(self):
        values = {"system_id": self.system, "name": "B", "facility_code": self.unmapped}
        self.hospital.admin.create("hc.site", values)


def test_held_until_the_first_goes_on(hospital):
    scheduler = Scheduler(hospital, "visits-held", "hold")
    first, others = scheduler.late()
    assert hospital.machine.sql(HELD, scheduler.system)[0][0] == len(others)
    domain = [("system_id", "=", scheduler.system), ("blocked_by_id", "!=", False)]
    rows = hospital.admin.read("hc.message", domain, ["uuid", "blocked_by_id", "blocked_by_state"])
    assert sorted(row["uuid"] for row in rows) == sorted(others)
    assert {row["blocked_by_state"] for row in rows} == {"review"}
    scheduler.map_site()
    scheduler.finished()
    assert [scheduler.state(one)[0] for one in (first, *others)] == ["done"] * 3


def test_change_of_the_policy_frees_what_waits(hospital):
    scheduler = Scheduler(hospital, "visits-freed", "hold")
    _first, others = scheduler.late()
    channel = hospital.admin.read("hc.channel", [("system_id", "=", scheduler.system)], ["id"])
    hospital.admin.write("hc.channel", [channel[0]["id"]], {"ordering_policy": "pass"})
    assert [scheduler.state(one)[0] for one in others] == ["review"] * 2


def test_passing_is_what_appointments_do(hospital):
    scheduler = Scheduler(hospital, "visits-passing", "pass")
    first, others = scheduler.late()
    assert [scheduler.state(one)[0] for one in (first, *others)] == ["review"] * 3
    scheduler.map_site()
    scheduler.finished()
    assert [scheduler.state(one)[0] for one in (first, *others)] == ["done"] * 3


def test_a_late_message_is_superseded_and_says_by_what(hospital):
    scheduler = Scheduler(hospital, "visits-late", "pass")
    scheduler.map_site()
    newest = scheduler.say("S15", 3)
    assert scheduler.state(newest)[0] == "done"
    late = scheduler.say("S12", 1)
    found = scheduler.settled(late)
    assert (found["state"], found["superseded_by"]) == ("superseded", newest)
    assert found["done_at"]
    assert scheduler.settled(newest)["superseded_by"] is None
