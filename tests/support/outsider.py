"""A system of a test's own, as people set it up: channels, a site, codes that are mapped."""

from __future__ import annotations

import time
from typing import Any

from simulate import credentials
from simulate.client import FHIR, HL7, Sender
from simulate.codes import Code

from . import checks
from .hospital import QUIET, Hospital

FOLLOW_UP = "SELECT count(*) FROM hc_dirty_key"


class Outsider:
    """One sender; all that is told of it bears its code."""

    def __init__(self, hospital: Hospital, code: str) -> None:
        self.hospital = hospital
        self.code = code
        self.facility = f"{code}-site".upper()
        self.msh = [code.upper(), self.facility]
        self.channels: dict[str, str] = {}
        admin = hospital.admin
        values = {"name": code, "code": code, "environment": "production"}
        self.system = admin.create("hc.system", values)
        values = {"name": self.facility, "facility_code": self.facility}
        self.site = admin.create("hc.site", {"system_id": self.system, **values})
        self.source = f"urn:hc:{code}"

    def open(self, name: str, format_: str, *types: str, **values: Any) -> None:
        """A channel for these types; it takes dates of any age."""
        admin = self.hospital.admin
        found = admin.read("hc.message.type", [("name", "in", list(types))], ["id"])
        assert len(found) == len(types), types
        fields = {"format": format_, "max_age_days": 0, "default_site_id": self.site, **values}
        if format_ == "hl7v2":
            names = ("hl7_sending_application", "hl7_sending_facility")
            fields |= dict(zip(names, self.msh, strict=True))
        self.channels[name] = f"{self.code}-{name}"
        ids = [row["id"] for row in found]
        self.hospital.new_channel(self.system, self.channels[name], *ids, **fields)

    def credentials(self) -> Sender:
        """Keys for all channels; call it when they are open."""
        admin, base_url = self.hospital.admin, self.hospital.machine.base_url
        entries = credentials.catalog(admin)
        entry = next(one for one in entries if one["id"] == self.system)
        self.entry = credentials.with_credentials(admin, base_url, entry, None)
        self.sender = Sender.of(base_url, self.entry)
        return self.sender

    def map_code(self, namespace: str, value: str, record: int, system: str = "local") -> Code:
        """A code that stands for a record; the namespace knows of which model."""
        fields = {"system_id": self.system, "namespace": namespace, "code_system": system}
        self.hospital.admin.create("hc.identifier", {**fields, "value": value, "res_id": record})
        return Code(system, value, record)

    # ---------------------------------------------------------------- sending

    def post(self, channel: str, event: dict[str, Any], status: int = 202) -> str:
        """An event; its message."""
        answer = self.sender.post(self.channels[channel], event)
        return str(checks.accepted(answer, status)["message_id"])

    def hl7(self, raw: bytes) -> str:
        """A message of HL7 that is accepted; its control id."""
        segments = checks.acknowledgement(self.sender.hl7(raw, content_type=HL7), 200, "AA")
        return segments[1][2]

    def fhir(self, resource: dict[str, Any], status: int = 202) -> str:
        """A resource; its message."""
        kind = resource["resourceType"]
        answer = self.sender.fhir(kind, resource, content_type=FHIR)
        checks.outcome(answer, status)
        return answer.headers["Content-Location"].rpartition("/")[2]

    # -------------------------------------------------------- what came of it

    def settled(self, message: str, within: float = 60) -> dict[str, Any]:
        """The status of a message once it rests."""
        deadline = time.monotonic() + within
        while True:
            answer = self.sender.status(message, bearer=True)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            if found["state"] in QUIET:
                return found
            assert time.monotonic() < deadline, f"{message} is {found['state']}"
            time.sleep(0.1)

    def state(self, message: str) -> tuple[str, str | None]:
        """Where a message rests, and why."""
        found = self.settled(message)
        return found["state"], found["error_code"]

    def messages(self, identifier: str) -> list[tuple[Any, ...]]:
        """The ledger's rows of a sender's id: uuid, state, error, correlation, channel."""
        query = (
            "SELECT m.uuid, m.state, m.error_code, m.correlation_identifier, c.code"
            "  FROM hc_message m JOIN hc_channel c ON c.id = m.channel_id"
            " WHERE m.system_id = %s AND m.message_identifier LIKE %s ORDER BY m.id"
        )
        return self.hospital.machine.sql(query, self.system, f"{identifier}%")

    def finished(self, within: float = 90) -> None:
        """Wait until nothing is to be done, follow-up work included."""
        self.hospital.drained()
        deadline = time.monotonic() + within
        while self.hospital.machine.sql(FOLLOW_UP)[0][0]:
            assert time.monotonic() < deadline, "follow-up work is left"
            time.sleep(0.2)
