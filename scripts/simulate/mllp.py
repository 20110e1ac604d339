"""HL7 over MLLP: a sender of bare sockets, and the demo's port."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import replace
from types import TracebackType
from typing import Any

from .letters import Letter
from .rpc import Odoo

TIMEOUT = 60
LISTENS_WITHIN = 90
ACCEPTED = (b"AA", b"CA")
EVERY = 3


class Mllp:
    """A connection that waits for each acknowledgement before it sends on."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection((host, port), timeout=TIMEOUT)
        self._socket = context.wrap_socket(plain, server_hostname=host) if context else plain
        self._rest = b""

    def __enter__(self) -> Mllp:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, message: bytes) -> bytes:
        """Send one message; its acknowledgement."""
        self._socket.sendall(b"\x0b" + message + b"\x1c\r")
        while b"\x1c\r" not in self._rest:
            if not (data := self._socket.recv(65536)):
                raise ConnectionError("closed without an acknowledgement")
            self._rest += data
        block, _end, self._rest = self._rest.partition(b"\x1c\r")
        return block.removeprefix(b"\x0b")


def code(acknowledgement: bytes) -> bytes:
    """MSA-1."""
    line = next(one for one in acknowledgement.split(b"\r") if one.startswith(b"MSA|"))
    return line.split(b"|")[1]


def ensure(odoo: Odoo, systems: list[dict[str, Any]], wanted: str) -> dict[str, Any] | None:
    """Have the demo's port enabled and listened on.

    :param wanted: its number; empty: the one it has, or else a free one
    :return: where it is and whose; none where there is no such record
    """
    ids = [system["id"] for system in systems]
    fields = ["port", "state", "system_id", "bind_address"]
    rows = odoo.read("hc.mllp.port", [("system_id", "in", ids)], fields, order="id")
    if not rows:
        return None
    row = rows[0]
    number = int(wanted) if wanted else row["port"]
    if row["state"] != "enabled" and not wanted:
        number = free_port()
    if number != row["port"] or row["state"] != "enabled":
        odoo.write("hc.mllp.port", [row["id"]], {"port": number, "state": "enabled"})
    found = next(one for one in systems if one["id"] == row["system_id"][0])
    wait_for(row["bind_address"], number)
    return {"host": row["bind_address"], "port": number, "system": found["code"], "tls": False}


def spread(letters: Iterable[Letter], where: dict[str, Any] | None) -> list[Letter]:
    """The letters, with some of those in HL7 going by MLLP."""
    made, number = [], 0
    for letter in letters:
        if where and letter.way == "hl7" and letter.route.system == where["system"]:
            number += 1
            if number % EVERY == 1:
                letter = replace(letter, way="mllp")
        made.append(letter)
    return made


def wait_for(host: str, port: int) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + LISTENS_WITHIN
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=5):
            return
        if time.monotonic() > deadline:
            raise ConnectionError(f"nobody listens on {host} port {port}: is MLLP_PORT taken?")
        time.sleep(0.3)


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
