# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Lists of addresses and networks that people write, one on a line."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def parse(text: str) -> tuple[Network, ...]:
    """The networks of a list; an address is a network of one, what follows # is a remark.

    :raise ValueError: with the number of the line, when it is neither
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            found.append(ip_network(word))
        except ValueError:
            raise ValueError(f"line {number} is no address or network") from None
    return tuple(found)


def holds(networks: Iterable[Network], address: str) -> bool:
    """Whether an address is in one of the networks; an IPv4 address in its IPv6 form is
    the IPv4 address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found.version == one.version and found in one for one in networks)
