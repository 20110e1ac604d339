"""Ports for HL7 over MLLP on a started server, and senders by the client of the hl7 library."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from hcdev import config, serve
from hl7.mllp import (
    HL7StreamReader,
    HL7StreamWriter,
    InvalidBlockError,
    open_hl7_connection,
)
from simulate import documents
from simulate.documents import Use

from .hospital import Hospital

WITHIN = 60
CLOSED = (ConnectionError, asyncio.IncompleteReadError, InvalidBlockError, ssl.SSLError)
Streams = tuple[HL7StreamReader, HL7StreamWriter]


class Port:
    """One port of the demo's health record, made as people make it."""

    def __init__(self, hospital: Hospital, **values: Any) -> None:
        self.hospital = hospital
        self.number = config.free_port()
        system = hospital.by_format("hl7v2")["id"]
        fields = {"name": f"Port {self.number}", "system_id": system, "port": self.number}
        fields |= {"allowed_addresses": "127.0.0.1", **values}
        self.id = hospital.admin.create("hc.mllp.port", fields)

    def enable(self) -> Port:
        """Enabled, and listened on."""
        self.hospital.admin.call("hc.mllp.port", "action_enable", [self.id])
        return self.until(status="listening")

    def read(self) -> dict[str, Any]:
        """The record."""
        found: list[dict[str, Any]] = self.hospital.admin.call("hc.mllp.port", "read", [self.id])
        return found[0]

    def until(self, within: float = WITHIN, **wanted: Any) -> Port:
        """Wait until the record says so."""
        deadline = time.monotonic() + within
        while any(self.read()[name] != value for name, value in wanted.items()):
            assert time.monotonic() < deadline, (wanted, self.read())
            time.sleep(0.3)
        return self

    @contextlib.asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[Streams]:
        """A connection."""
        reader, writer = await asyncio.wait_for(
            open_hl7_connection("127.0.0.1", self.number, encoding="utf-8", **options), WITHIN
        )
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def send(self, *messages: str, **options: Any) -> list[list[str]]:
        """Messages in one write; their acknowledgements."""

        async def talk() -> list[list[str]]:
            async with self.open(**options) as streams:
                return await exchange(streams, messages)

        return asyncio.run(talk())


async def exchange(streams: Streams, messages: Iterable[str]) -> list[list[str]]:
    """Messages in one write; their acknowledgements."""
    reader, writer = streams
    sent = list(messages)
    for message in sent:
        writer.writeblock(message.encode())
    await writer.drain()
    return [await answer(reader) for _message in sent]


async def answer(reader: HL7StreamReader) -> list[str]:
    """MSA-1 and MSA-2 of the next acknowledgement."""
    message = await asyncio.wait_for(reader.readmessage(), WITHIN)
    return [str(field) for field in message.segment("MSA")[1:3]]


def message(hospital: Hospital, quantity: int = 1) -> tuple[str, str]:
    """A DFT^P03 of the health record that nobody has sent yet, and its id."""
    control, world = hospital.new_id("mllp"), hospital.ehr
    use = Use(world.wards[0], world.plain[0], quantity, hospital.use().at)
    return documents.dft(control, use, "EHR", "HOSPITAL", 7).decode(), control


def kept(hospital: Hospital, controls: Iterable[str]) -> list[int]:
    """How often each of the ids is in the ledger."""
    query = (
        "SELECT message_identifier, count(*) FROM hc_message"
        " WHERE message_identifier = ANY(%s) GROUP BY 1"
    )
    names = list(controls)
    found = dict(hospital.machine.sql(query, names))
    return [int(found.get(name, 0)) for name in names]


def restarted(hospital: Hospital, port: Port, former: int | None) -> None:
    """Wait for the next process, which the supervisor starts."""
    deadline = time.monotonic() + 2 * WITHIN
    while pid(hospital) in (None, former) or not config.occupied("127.0.0.1", port.number):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def pid(hospital: Hospital) -> int | None:
    """The process of MLLP."""
    found = serve.processes(hospital.machine.conf)
    return next((one for one in found if "hc_mllp" in serve.arguments(one)), None)


def memory(process: int) -> int:
    """Resident bytes of a process."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    line = next(one for one in lines if one.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
