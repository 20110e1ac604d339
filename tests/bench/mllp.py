"""How fast HL7 over MLLP is taken, by the client of the hl7 library, drains stopped.

The peer is the server of that library in a process of its own, which parses and acknowledges
each message and keeps nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from hcdev import config
from hl7.mllp import open_hl7_connection
from results import Results
from rig import Rig

CONNECTIONS = 4
PIPELINED = 20
READY_WITHIN = 90
WARM_UP = 1.0
SETUP = """
kind = env["hc.message.type"].search([("name", "=", "supply.consumed.v1")])
system = env["hc.system"].create({{"name": "MLLP", "code": "bench-mllp"}})
env["hc.channel"].create({{
    "name": "MLLP", "code": "bench-mllp", "system_id": system.id, "format": "hl7v2",
    "message_type_ids": [(6, 0, kind.ids)], "state": "active",
}})
env["hc.mllp.port"].create({{
    "name": "Bench", "system_id": system.id, "port": {port}, "allowed_addresses": "127.0.0.1",
}}).action_enable()
env.cr.commit()
"""
PEER = """
import asyncio, sys
from hl7.mllp import start_hl7_server

async def serve(reader, writer):
    while not reader.at_eof():
        try:
            message = await reader.readmessage()
        except asyncio.IncompleteReadError:
            return
        writer.writemessage(message.create_ack())
        await writer.drain()

async def main():
    server = await start_hl7_server(serve, "127.0.0.1", int(sys.argv[1]), encoding="utf-8")
    await server.serve_forever()

asyncio.run(main())
"""
_numbers = itertools.count(1)


def mllp(rig: Rig, results: Results, *, rounds: int, seconds: float) -> None:
    """Messages one by one over four connections, and pipelined over one."""
    ours = config.free_port()
    rig.machine.shell(SETUP.format(port=ours), "making a port of MLLP")
    wait_for(ours)
    with peer() as theirs:
        single = medians(ours, theirs, rounds, seconds, CONNECTIONS, 1)
        piped = medians(ours, theirs, rounds, seconds, 1, PIPELINED)
    unit = "messages/s, peer: the hl7 library's server, which keeps nothing"
    results.add("mllp", *single, f"{unit}; {CONNECTIONS} connections, one by one")
    results.add("mllp_pipelined", *piped, f"{unit}; one connection, {PIPELINED} in a write")


def medians(
    ours: int, theirs: int, rounds: int, seconds: float, connections: int, burst: int
) -> tuple[float, float]:
    """Both sides by turns."""
    found: dict[int, list[float]] = {ours: [], theirs: []}
    for number in range(rounds + 1):
        for port, rates in found.items():
            length = seconds if number else WARM_UP
            rate = asyncio.run(drive(port, connections, burst, length))
            if number:
                rates.append(rate)
    return statistics.median(found[ours]), statistics.median(found[theirs])


async def drive(port: int, connections: int, burst: int, seconds: float) -> float:
    """Acknowledged messages a second."""
    began = time.monotonic()
    sent = await asyncio.gather(
        *(send(port, burst, began + seconds) for _number in range(connections))
    )
    return sum(sent) / (time.monotonic() - began)


async def send(port: int, burst: int, until: float) -> int:
    """One connection; how many were acknowledged."""
    reader, writer = await open_hl7_connection("127.0.0.1", port, encoding="utf-8")
    count = 0
    while time.monotonic() < until:
        for _number in range(burst):
            writer.writeblock(message())
        for _number in range(burst):
            answer = await reader.readblock()
            assert b"\rMSA|AA|" in answer, answer
        count += burst
    writer.close()
    return count


def message() -> bytes:
    """A DFT^P03 that nobody has sent yet."""
    number = next(_numbers)
    moment = time.strftime("%Y%m%d%H%M%S+0000", time.gmtime())
    segments = [
        f"MSH|^~\\&|EHR|HOSPITAL|ODOO|HOSPITAL|{moment}||DFT^P03^DFT_P03|B{number}|P|2.5.1",
        f"EVN|P03|{moment}",
        f"PID|1||{number:06d}^^^HOSPITAL^MR||DOE^JOHN||19600101|M",
        "PV1|1|I|ICU-1^^^MAIN",
        f"FT1|1|T{number}||{moment}||CG|00380740000011^^GTIN|||2",
    ]
    return ("\r".join(segments) + "\r").encode()


@contextlib.contextmanager
def peer() -> Iterator[int]:
    """The library's server; its port."""
    port = config.free_port()
    with subprocess.Popen([sys.executable, "-c", PEER, str(port)]) as process:
        try:
            wait_for(port)
            yield port
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + READY_WITHIN
    while not config.occupied("127.0.0.1", port):
        assert time.monotonic() < deadline, f"nobody listens on port {port}"
        time.sleep(0.2)
