# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Where a connection may go."""

from __future__ import annotations

import ipaddress
import socket

from ..errors import MessageError


def connect(host: str, port: int, timeout: float, *, allow_private: bool) -> socket.socket:
    """A connection to the first address that answers.

    The address that was checked is the one that is connected to: a name cannot mean another
    one a moment later.

    :raise MessageError: ``store_address_refused``, ``store_unreachable``
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise MessageError("store_unreachable") from None
    if not allow_private and any(_is_private(str(one[4][0])) for one in found):
        raise MessageError("store_address_refused")
    for family, kind, protocol, _name, address in found:
        link = socket.socket(family, kind, protocol)
        link.settimeout(timeout)
        try:
            link.connect(address)
            return link
        except OSError:
            link.close()
    raise MessageError("store_unreachable")


def _is_private(text: str) -> bool:
    """Not of the public Internet; an IPv4 address within IPv6 counts as what it is."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return not (mapped or address).is_global
