# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the server knows of a port: plain, immutable values, compared to see changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..messaging.networks import Network, holds


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """Server certificate, as text or as files of the server; client CA for mutual TLS."""

    certificate: str
    key: str = field(repr=False)
    certificate_file: str
    key_file: str
    client_ca: str
    # Of the files, so that a renewed certificate is seen.
    stamp: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PortConfig:
    """An enabled port.

    :param networks: who may connect; nobody's list, everybody where certificates decide
    :param clients: system of each client certificate, by SHA-256 fingerprint
    """

    id: int
    system_id: int
    bind_address: str
    port: int
    networks: tuple[Network, ...]
    tls: TlsConfig | None
    clients: Mapping[str, int]
    max_connections: int
    max_bytes: int
    idle_seconds: int
    block_seconds: int

    def admits(self, address: str) -> bool:
        """Whether somebody at this address may connect."""
        if not self.networks:
            return bool(self.tls and self.tls.client_ca)
        return holds(self.networks, address)

    def system_of(self, fingerprint: str | None) -> int | None:
        """Whose messages come over a connection; none: nobody's, it is refused."""
        if self.tls and self.tls.client_ca:
            return self.clients.get(fingerprint or "")
        return self.system_id


@dataclass(slots=True)
class Figures:
    """What happened on a port since it was last written down, and how it is."""

    connections: int = 0
    refused: int = 0
    messages: int = 0
    rejected: int = 0
    open: int = 0
    state: str = "listening"
    problem: str = ""
