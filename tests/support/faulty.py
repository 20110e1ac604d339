"""A system whose messages say how their handler ends (``hc_fault_handlers``)."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import Counter
from pathlib import Path
from typing import Any

from simulate import credentials
from simulate.client import Sender

from .hospital import Hospital

TYPE = "fault.struck.v1"
RESTING = ("done", "review", "dead", "duplicate", "superseded", "cancelled")
STATES = """
SELECT message_identifier, state, error_code, attempt_count, kill_count
  FROM hc_message WHERE message_identifier = ANY(%s)
"""
NOTES = "SELECT name, count(*) FROM hc_fault_note WHERE name = ANY(%s) GROUP BY 1"


class Faulty:
    """One system with one channel for messages of the fault tests.

    :param values: of the channel, its retry policy for example; short waits are the default.
    """

    def __init__(
        self, hospital: Hospital, calls: Path, segment: str = "clinical", **values: Any
    ) -> None:
        self.hospital = hospital
        self.path = calls
        code = f"faulty-{secrets.token_hex(3)}"
        admin = hospital.admin
        fields = {"name": code, "code": code, "segment": segment}
        self.system = admin.create("hc.system", fields)
        found = admin.read("hc.message.type", [("name", "=", TYPE)], ["id"])
        policy = {"retry_max_attempts": 4, "retry_base_seconds": 1, "retry_cap_seconds": 2}
        self.channel = f"{code}-in"
        self.channel_id = hospital.new_channel(
            self.system, self.channel, found[0]["id"], **(policy | values)
        )
        entry = next(one for one in credentials.catalog(admin) if one["id"] == self.system)
        base_url = hospital.machine.base_url
        self.known = credentials.with_credentials(admin, base_url, entry, None)
        self._numbers = itertools.count(1)

    def sender(self) -> Sender:
        """Somebody who sends in the name of the system."""
        return Sender.of(self.hospital.machine.base_url, self.known)

    def event(self, mode: str = "good", **data: Any) -> dict[str, Any]:
        """An event whose handler ends like this."""
        return {
            "specversion": "1.0",
            "id": f"{self.channel}-{next(self._numbers)}",
            "source": self.known["sources"][0],
            "type": TYPE,
            "data": {"mode": mode, **data},
        }

    def send(self, events: list[dict[str, Any]], *, bearer: bool = False) -> list[str]:
        """Send events as one batch; their ids."""
        answer = self.sender().batch(self.channel, events, bearer=bearer)
        assert answer.status_code == 207, (answer.status_code, answer.text)
        statuses = {item["status"] for item in answer.json()["items"]}
        assert statuses == {202}, statuses
        return [event["id"] for event in events]

    def states(self, identifiers: list[str]) -> dict[str, tuple[str, str | None, int, int]]:
        """State, error code, attempts and kills of each event."""
        return {row[0]: row[1:] for row in self.hospital.machine.sql(STATES, identifiers)}

    def settled(self, identifiers: list[str], within: float) -> dict[str, tuple[Any, ...]]:
        """The same, once all of them rest; other traffic has the lane look again meanwhile."""
        deadline = time.monotonic() + within
        while True:
            states = self.states(identifiers)
            moving = {key: row for key, row in states.items() if row[0] not in RESTING}
            if not moving and len(states) == len(identifiers):
                return states
            assert time.monotonic() < deadline, f"not settled: {list(moving.items())[:3]}"
            self.hospital.machine.wake_lanes()
            time.sleep(1)

    def noted(self, identifiers: list[str]) -> dict[str, int]:
        """How many documents each event has; those with none are not named."""
        return dict(self.hospital.machine.sql(NOTES, identifiers))

    def calls(self) -> Counter[str]:
        """How often the handler was called for each event, killed or not."""
        if not self.path.exists():
            return Counter()
        return Counter(line.split()[0] for line in self.path.read_text().splitlines())
