"""From the ledger to maintenance requests, against a connector that keeps them by JSON-2."""

from __future__ import annotations

import itertools
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import json2
import load
from backlog import worked_off
from json2 import Connector
from load import CLIENTS, FILL
from results import Results
from rig import Rig

PHASES = ("start", "update", "end")
CAUSES = ("MDC_EVT_BATT_FAIL", "MDC_EVT_OCCL", "MDC_EVT_SENSOR_DISCONN", "MDC_EVT_HW_FAIL")
# How many devices raise alarms in one storm: of the hospital, and of the part of one client.
STORM, STORM_OF_CLIENT = 50, 4
NAMES = itertools.count(1)
OURS = """
SELECT m.message_identifier, r.id, r.equipment_id, r.hc_alarm_count
  FROM hc_message m JOIN hc_effect e ON e.message_id = m.id
  JOIN maintenance_request r ON r.id = e.res_id
 WHERE e.res_model = 'maintenance.request' AND m.message_identifier LIKE %s
"""
DONE = "SELECT count(*) FROM hc_message WHERE state = 'done' AND message_identifier LIKE %s"
PEERS = """
SELECT equipment_id, x_cause, count(*), sum(x_count)
  FROM maintenance_request WHERE x_cause LIKE %s GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Alarm:
    """One phase of one alarm of a device; ``cause`` is its code."""

    message: str
    number: str
    phase: str
    device: dict[str, Any]
    cause: str
    at: str

    def event(self) -> dict[str, Any]:
        """As the wire has it."""
        data = {
            "alarm": self.number,
            "equipment": {"system": "local", "value": self.device["code"]},
            "phase": self.phase,
            "priority": "medium",
            "kind": "technical",
            "code": self.cause,
            "text": "Check the device",
            "occurred_at": self.at,
        }
        return load.envelope(self.message, "device.alarmed.v1", self.at, "BENCH", data)


class Alarms(Iterator[Alarm]):
    """A storm: a few devices and causes over and over; some alarms go on, some end."""

    def __init__(self, world: dict[str, Any], devices: int) -> None:
        self.name = f"A{time.time_ns():x}{next(NAMES)}"
        self.rng = random.Random(f"{devices}/{next(NAMES)}")
        self.devices = self.rng.sample(world["devices"], devices)
        self.weights = [1 / rank for rank in range(1, devices + 1)]
        self.numbers = itertools.count(1)
        self.begun: dict[tuple[str, str], list[str]] = defaultdict(list)

    def __next__(self) -> Alarm:
        device = self.rng.choices(self.devices, self.weights)[0]
        # The run's name is in the code: what an earlier run left open is another incident.
        cause = f"{self.name}-{self.rng.choice(CAUSES)}"
        begun = self.begun[device["code"], cause]
        phase = self.rng.choices(PHASES, (60, 25, 15))[0] if begun else "start"
        order = next(self.numbers)
        message = f"{self.name}-{order}"
        if phase == "start":
            begun.append(message)
        number = begun.pop() if phase == "end" else begun[-1]
        # A second apart: the same phase at the same time would be told twice, not two.
        return Alarm(message, number, phase, device, cause, load.moment(300 - order / 60))


def alarms(rig: Rig, results: Results, *, rounds: int, count: int, seconds: float) -> None:
    """One after the other, after a few of each that nobody counts."""
    rates: dict[str, list[float]] = {"ours": [], "peer": []}
    connector(rig, most=2)
    ours(rig, FILL)
    for _round in range(rounds):
        rates["peer"].append(connector(rig, seconds=seconds))
        rates["ours"].append(ours(rig, count))
    note = "alarms/s to requests, peer: find, create or count up by JSON-2, 4 clients"
    results.add("alarms", *(statistics.median(rates[name]) for name in ("ours", "peer")), note)


def ours(rig: Rig, count: int) -> float:
    """From the ledger to the last request; alarms a second."""
    stream = Alarms(rig.alarms, STORM)
    made = list(itertools.islice(stream, count))
    took = worked_off(rig, rig.alarms, [one.event() for one in made])
    check_ours(rig, f"{stream.name}-%", made)
    return count / took


def check_ours(rig: Rig, names: str, made: list[Alarm]) -> None:
    """All alarms of one device and cause have led to one request, and no others to it."""
    assert rig.count(DONE, names) == len(made), "not every alarm is done"
    wanted = {one.message: (one.device["equipment"], one.cause) for one in made}
    begun = Counter(wanted[one.message] for one in made if one.phase == "start")
    requests: dict[tuple[int, str], int] = {}
    for message, request, equipment, count in rig.machine.sql(OURS, names):
        incident = wanted.pop(message)
        assert equipment == incident[0], "a request of another device"
        assert requests.setdefault(incident, request) == request, "two requests of an incident"
        assert count == begun[incident], "a counter is not right"
    assert not wanted, "alarms without work"
    assert len(set(requests.values())) == len(requests), "one request of two incidents"


def connector(rig: Rig, *, seconds: float = 3600.0, most: int | None = None) -> float:
    """The same kind of alarms by four clients, no two of them on one incident."""
    streams = [Alarms(rig.alarms, STORM_OF_CLIENT) for _ in range(CLIENTS)]
    team = rig.alarms["team"]

    def one(own: Connector, alarm: Alarm) -> None:
        post(own, alarm, team)

    rate, posted = json2.run(rig, list(streams), one, seconds=seconds, most=most)
    wanted = Counter((one.device["equipment"], one.cause) for one in posted)
    rows = [row for stream in streams for row in rig.machine.sql(PEERS, f"{stream.name}-%")]
    assert all(count == 1 for _device, _cause, count, _sum in rows), "the connector doubled work"
    found = {(device, cause): total for device, cause, _count, total in rows}
    assert found == wanted, "the connector's counters are not right"
    return rate.per_second


def post(own: Connector, alarm: Alarm, team: int) -> None:
    """Find the open request of device and cause; create it, or count it up."""
    device = alarm.device["equipment"]
    domain = [
        ["equipment_id", "=", device],
        ["x_cause", "=", alarm.cause],
        ["stage_id.done", "=", False],
    ]
    last = alarm.at.replace("T", " ").rstrip("Z")
    if request := own.first("maintenance.request", domain, "x_count"):
        values = {"x_count": request["x_count"] + 1, "x_last": last}
        own.call("maintenance.request", "write", ids=[request["id"]], vals=values)
        return
    values = {
        "name": alarm.cause,
        "equipment_id": device,
        "maintenance_team_id": team,
        "maintenance_type": "corrective",
        "priority": "2",
        "x_cause": alarm.cause,
        "x_count": 1,
        "x_last": last,
    }
    own.call("maintenance.request", "create", vals_list=[values])
