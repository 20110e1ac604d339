# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who is at the other end of a connection, as far as that is proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from . import networks

MAX_FORWARDED = 1024


@dataclass(frozen=True, slots=True)
class Peer:
    """:param address: the client's; empty when the proxy told none that can be read
    :param is_proxy: whether the connection is that of a proxy we trust
    """

    address: str
    is_proxy: bool


def proven(socket_address: str, forwarded: str | None, trusted: Sequence[networks.Network]) -> Peer:
    """The client of a request.

    Only what the kernel says is proven. A trusted proxy may tell in ``X-Forwarded-For`` with
    whom it talked: that is the last entry, all before it are the client's own words.

    :param socket_address: of the connection, before anybody rewrote it
    """
    if not networks.holds(trusted, socket_address):
        return Peer(socket_address, is_proxy=False)
    if not forwarded:
        return Peer(socket_address, is_proxy=True)
    return Peer(_address(forwarded[-MAX_FORWARDED:].rpartition(",")[2]), is_proxy=True)


def parse_trusted(text: str) -> tuple[networks.Network, ...]:
    """Addresses and networks of proxies, by commas, spaces or lines.

    :raise ValueError: when one is neither
    """
    return networks.parse("\n".join(text.replace(",", " ").split()))


def _address(text: str) -> str:
    """An address without a port; empty if it is none."""
    word = text.strip()
    if word.startswith("["):
        word = word[1:].partition("]")[0]
    elif word.count(":") == 1:
        word = word.partition(":")[0]
    try:
        return str(ip_address(word))
    except ValueError:
        return ""
