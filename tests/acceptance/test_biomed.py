"""Alarms become work once, whatever comes how often in whatever order; devices become equipment."""

import itertools
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from simulate import biomed_documents as wire
from simulate.biomed_documents import BATTERY, OCCLUSION, TACHYCARDIA, Alarm
from simulate.client import FHIR
from simulate.codes import Code
from support import checks
from support.outsider import Outsider

ALARMED, UPSERTED = wire.ALARMED, wire.UPSERTED
REQUESTS = """
SELECT id, hc_alarm_count, hc_first_alarm_at, hc_last_alarm_at, hc_closed_at
  FROM maintenance_request WHERE equipment_id = %s ORDER BY id
"""
NOW = datetime.now(UTC).replace(microsecond=0)


class Ward(Outsider):
    """A gateway of devices that speaks three formats."""

    def __init__(self, hospital):
        super().__init__(hospital, "gateway")
        self.open("events", "cloudevents", ALARMED, UPSERTED)
        self.open("alarms", "hl7v2", ALARMED)
        self.open("devices", "fhir", UPSERTED)
        self.credentials()
        self.numbers = itertools.count(1)

    def device(self):
        """A device of its own."""
        name = f"PUMP-{self.hospital.run}-{next(self.numbers)}"
        made = self.hospital.admin.create("maintenance.equipment", {"name": name})
        return self.map_code("equipment", name, made)

    def alarm(self, device, minutes=60, **more):
        """A technical alarm of so many minutes ago."""
        number = f"AL-{self.hospital.run}-{next(self.numbers)}"
        return Alarm(number, device, OCCLUSION, NOW - timedelta(minutes=minutes), **more)

    def event(self, alarm):
        return wire.alarm_event(self.hospital.new_id("al"), self.source, alarm)

    def tell(self, alarm):
        return self.post("events", self.event(alarm))

    def r40(self, alarm):
        control = self.hl7(wire.r40(self.hospital.new_id("r40"), alarm, self.msh))
        ((uuid, *_rest),) = self.messages(control)
        return uuid

    def requests(self, device):
        self.finished()
        return self.hospital.machine.sql(REQUESTS, device.record)


@pytest.fixture(scope="module")
def ward(hospital):
    return Ward(hospital)


# -------------------------------------------------------------------------- alarms and work


def test_storm_is_one_request(ward):
    """Every alarm sent twice, by several at once, in no order."""
    device = ward.device()
    alarms = [replace(ward.alarm(device), at=NOW - timedelta(seconds=5 * n)) for n in range(60)]
    events = [ward.event(alarm) for alarm in alarms] * 2
    random.Random(3).shuffle(events)
    parts = [events[n::4] for n in range(4)]

    def send(part):
        answer = ward.sender.again().batch(ward.channels["events"], part)
        assert answer.status_code == 207, answer.text
        assert {item["status"] for item in answer.json()["items"]} <= {200, 202}

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, parts))
    ((_id, count, first, last, closed),) = ward.requests(device)
    assert (count, closed) == (60, None)
    assert (first, last) == tuple(
        alarm.at.replace(tzinfo=None) for alarm in (alarms[-1], alarms[0])
    )


@pytest.mark.parametrize("order", list(itertools.permutations(("start", "update", "end"))))
def test_phases_in_any_order(ward, order):
    device = ward.device()
    first = ward.alarm(device)
    minutes = {"start": 0, "update": 2, "end": 5}
    for phase in order:
        told = replace(first, phase=phase, at=first.at + timedelta(minutes=minutes[phase]))
        for _time in range(2):
            assert ward.state(ward.tell(told))[0] in ("done", "duplicate")
    ((_id, count, begun, ended, _closed),) = ward.requests(device)
    assert count == 1
    assert begun == first.at.replace(tzinfo=None)
    assert ended == (first.at + timedelta(minutes=5)).replace(tzinfo=None)


def test_two_causes_are_two_requests(ward):
    device = ward.device()
    for cause in (BATTERY, OCCLUSION, BATTERY):
        ward.tell(replace(ward.alarm(device), cause=cause))
    assert sorted(row[1] for row in ward.requests(device)) == [1, 2]


def test_new_incident_after_closing(ward):
    device = ward.device()
    ward.tell(ward.alarm(device))
    ((request, *_rest),) = ward.requests(device)
    admin = ward.hospital.admin
    done = admin.read("maintenance.stage", [("done", "=", True)], ["id"], limit=1)[0]["id"]
    admin.write("maintenance.request", [request], {"stage_id": done})
    time.sleep(1.1)  # an alarm within the second of closing belongs to what was closed
    ward.tell(replace(ward.alarm(device), at=datetime.now(UTC)))
    first, second = ward.requests(device)
    assert first[0] == request and first[4] is not None and first[1] == 1
    assert second[4] is None and second[1] == 1


def test_same_alarm_by_hl7_and_natively(ward):
    alarm = ward.alarm(ward.device())
    assert ward.state(ward.r40(alarm))[0] == "done"
    assert ward.state(ward.tell(alarm))[0] == "duplicate"
    ((_id, count, *_rest),) = ward.requests(alarm.device)
    assert count == 1


@pytest.mark.parametrize("way", ["event", "hl7"])
def test_physiological_alarm_leaves_no_work(ward, way):
    """It is about a patient: acknowledged and counted, and nothing that tells of it is kept."""
    device = ward.device()
    alarm = replace(ward.alarm(device), cause=TACHYCARDIA, kind="physiological")
    message = ward.tell(alarm) if way == "event" else ward.r40(alarm)
    found = ward.settled(message)
    assert found["state"] == "done"
    assert "maintenance.request" not in {effect["model"] for effect in found["effects"]}
    assert not ward.requests(device)
    payload = str(ward.hospital.row(message)["payload"])
    for value in (TACHYCARDIA, wire.LOCATION, "TESTER"):
        assert value not in payload


def test_text_of_a_device_is_not_kept(ward):
    message = ward.tell(ward.alarm(ward.device()))
    ward.settled(message)
    assert "TESTER" not in str(ward.hospital.row(message)["payload"])


def test_unknown_device_goes_on_once_mapped(ward):
    device = Code("local", f"NEW-{ward.hospital.run}")
    message = ward.tell(ward.alarm(device))
    assert ward.state(message) == ("review", "unknown_equipment")
    made = ward.hospital.admin.create("maintenance.equipment", {"name": "Found"})
    device = ward.map_code("equipment", device.value, made)
    ((_id, count, *_rest),) = ward.requests(device)
    assert count == 1
    assert ward.state(message)[0] == "done"


# --------------------------------------------------------------------------------- devices


def equipment(ward, serial):
    fields = ["name", "serial_no", "model"]
    return ward.hospital.admin.read("maintenance.equipment", [("serial_no", "=", serial)], fields)


def test_device_becomes_equipment_once(ward):
    number = ward.hospital.new_id("DEV")
    for name in ("Pump", "Pump", "Renamed"):
        resource = wire.device(number, name, serial=f"S-{number}")
        answer = ward.sender.fhir("Device", resource, content_type=FHIR)
        assert answer.status_code in (200, 202), answer.text
        ward.finished()
    (found,) = equipment(ward, f"S-{number}")
    assert found["name"] == "Renamed"
    alarm = ward.alarm(Code("local", number))
    assert ward.state(ward.tell(alarm))[0] == "done", "its number is known from now on"


def test_device_of_a_patient_is_refused(ward):
    """With a patient a device is about that person: nothing of it is kept anywhere."""
    before, number = ward.hospital.total(), ward.hospital.new_id("DEV")
    resource = wire.device(number, "Pacemaker", serial=f"S-{number}")
    resource["patient"] = {"identifier": {"value": checks.MARK}, "display": checks.MARK}
    answer = ward.sender.fhir("Device", resource, content_type=FHIR)
    checks.outcome(answer, 422)
    assert ward.hospital.total() == before
    assert not equipment(ward, f"S-{number}")
    for table in ("hc_message", "hc_issue", "maintenance_equipment", "hc_audit.event"):
        query = f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s OR t::text LIKE %s"
        assert ward.hospital.machine.sql(query, f"%{checks.MARK}%", f"%{number}%") == [(0,)]
