# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A connection to a server of files, to an address that was judged."""

from __future__ import annotations

import socket

from ..address import AddressPolicy, AddressRefused
from ..errors import MessageError


def connect(host: str, port: int, timeout: float, policy: AddressPolicy) -> socket.socket:
    """A connection to the first address that answers.

    The address that was judged is the one that is connected to: a name cannot mean another
    one a moment later.

    :raise MessageError: ``store_address_refused``, ``store_unreachable``
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for one in found:
            policy.check(str(one[4][0]))
    except AddressRefused:
        raise MessageError("store_address_refused") from None
    except (OSError, UnicodeError):
        raise MessageError("store_unreachable") from None
    for family, kind, protocol, _name, address in found:
        link = socket.socket(family, kind, protocol)
        link.settimeout(timeout)
        try:
            link.connect(address)
            return link
        except OSError:
            link.close()
    raise MessageError("store_unreachable")
