# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Where a server may connect to, judged by the address that is really used.

A name says nothing: it can lead inside, and lead elsewhere a moment later. So the address
is judged between its resolution and the connection (:mod:`.http_client`).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address

# Addresses at which clouds tell a machine its own secrets, outside of the link-local range.
_METADATA = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254"))
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_URL = re.compile(r"[!-~]{1,1024}", re.ASCII)
_PORTS = {"https": 443, "http": 80}


class AddressRefused(Exception):
    """The address is not one that may be connected to; holds no address."""


class UrlError(ValueError):
    """The URL cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """:param allow_private: the hospital's own networks and this machine are allowed too."""

    allow_private: bool = False

    def check(self, text: str) -> None:
        """:raise AddressRefused: for an IP address that must not be connected to."""
        try:
            address = _plain(ipaddress.ip_address(text.partition("%")[0]))
        except ValueError:
            raise AddressRefused from None
        if _is_never_right(address) or not (self.allow_private or address.is_global):
            raise AddressRefused


def parse_url(url: str, *, allow_insecure: bool = False) -> SplitResult:
    """The parts of a URL that may be called.

    :raise UrlError: with a sentence for whoever has written it
    """
    try:
        parts = urlsplit(url) if _URL.fullmatch(url) else None
        port = parts.port if parts else None
    except ValueError:
        parts = port = None
    if parts is None or port == 0 or not parts.hostname:
        raise UrlError("This is no URL of a server, such as https://partner.example/events.")
    if parts.scheme not in _PORTS:
        raise UrlError("The URL begins with https://.")
    if parts.scheme == "http" and not allow_insecure:
        raise UrlError("Without TLS everybody on the way can read and change what is sent.")
    if parts.username is not None or parts.password is not None:
        raise UrlError("Secrets have a field of their own, they do not go into the URL.")
    if parts.fragment:
        raise UrlError("A URL that is called has no part behind a #.")
    return parts


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address.teredo:
            inner = address.teredo[1]
        return inner or address
    return address


def _is_never_right(address: Address) -> bool:
    """No receiver of messages is there, however much is allowed."""
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address == IPv4Address("255.255.255.255")
        or address in _METADATA
    )
