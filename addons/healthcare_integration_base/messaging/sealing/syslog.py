# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Checkpoints in the system log, or in that of another machine (RFC 5424)."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import NamedTuple

FACILITY_AUTHPRIV, SEVERITY_NOTICE = 10, 5
TIMEOUT_SECONDS = 10
PORT = 514


class AddressError(ValueError):
    """The address of the system log has another form."""


class Address(NamedTuple):
    """Where the log listens: ``unix``, ``udp`` or ``tcp``."""

    kind: str
    host: str
    port: int


def address_of(text: str) -> Address:
    """``unix:/dev/log``, ``udp:HOST:PORT`` or ``tcp:HOST:PORT``.

    :raises AddressError: it is none of these
    """
    kind, _, rest = text.strip().partition(":")
    if kind == "unix" and rest.startswith("/"):
        return Address(kind, rest, 0)
    host, _, port = rest.rpartition(":")
    if kind in ("udp", "tcp") and host and port.isascii() and port.isdigit():
        return Address(kind, host.strip("[]"), int(port))
    raise AddressError("A system log is unix:/dev/log, udp:HOST:PORT or tcp:HOST:PORT.")


def line_of(host: str, time: str, text: str) -> bytes:
    """A line of the log (RFC 5424, section 6); a note's own newlines become bars."""
    priority = FACILITY_AUTHPRIV * 8 + SEVERITY_NOTICE
    flat = text.strip().replace("\n", "|")
    return f"<{priority}>1 {time} {host} hc-audit - checkpoint - {flat}".encode()


def send(address: Address, lines: Iterable[bytes]) -> None:
    """Hand the lines over; by TCP they are framed by their length (RFC 6587, 3.4.1).

    :raises OSError: nobody takes them. By UDP nobody can tell.
    """
    with _connect(address) as connection:
        for line in lines:
            if address.kind == "tcp":
                line = b"%d %s" % (len(line), line)
            connection.sendall(line)
        if address.kind == "tcp":
            connection.shutdown(socket.SHUT_WR)


def _connect(address: Address) -> socket.socket:
    if address.kind == "tcp":
        return socket.create_connection((address.host, address.port), TIMEOUT_SECONDS)
    if address.kind == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        target: str | tuple[str, int] = address.host
    else:
        family, *_rest, target = socket.getaddrinfo(  # type: ignore[assignment]
            address.host, address.port, type=socket.SOCK_DGRAM
        )[0]
        connection = socket.socket(family, socket.SOCK_DGRAM)
    try:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(target)
    except OSError:
        connection.close()
        raise
    return connection
