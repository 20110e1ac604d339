# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the web door knows: plain, immutable values, cached per registry.

All datetimes are naive and in UTC, as everywhere in Odoo.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..messaging.deprecation import Notice
from ..messaging.networks import Network
from ..messaging.tokens import Rules


def secret_aad(key_id: str) -> str:
    """Binds a sealed secret to its record and field: moved elsewhere it does not open."""
    return f"hc.credential/{key_id}/secret"


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One channel that is not archived, whatever its state."""

    id: int
    code: str
    format: str
    state: str
    direction: str
    lane_id: int
    shard_count: int
    types: Mapping[str, tuple[int, Any]]  # name -> (message type's id, Contract)
    hl7_sending_application: str
    hl7_sending_facility: str
    max_age_days: int
    default_company_id: int | None  # of the site that stands in where a message names none
    options: Mapping[str, str]  # for the translators
    mapping: Any = None  # messaging.mapping.Table, none where the channel has no active one
    batch_only: bool = False  # served by scheduled files, and takes no live messages
    is_held: bool = False  # paused, but only the handling: intake goes on
    backlog_limit: int = 0  # messages that may wait on the channel; 0: no limit of its own
    lane_backlog_limit: int = 0
    notices: Mapping[str, tuple[Notice, ...]] | None = None  # by type: what its senders are told
    shadow_types: frozenset[str] = frozenset()  # taken on trial: planned, not done
    paused_types: frozenset[str] = frozenset()
    original_hours: int = 0  # that what the sender wrote is kept sealed; 0: not at all
    is_foreign: bool = False  # its system is of another environment than the database
    takes_tests: bool = True  # production refuses what is marked as a test


@dataclass(frozen=True, slots=True)
class SystemConfig:
    id: int
    code: str
    environment: str
    company_id: int
    user_id: int
    channels: tuple[ChannelConfig, ...]
    facilities: Mapping[str, int]  # facility code -> company
    rate_per_second: float = 0.0  # items; 0: no limit
    rate_burst: int = 0


@dataclass(frozen=True, slots=True)
class IssuerConfig:
    """An identity provider whose access tokens are taken."""

    id: int
    rules: Rules
    single_use: bool


@dataclass(frozen=True, slots=True)
class TokenBinding:
    """Whose access tokens are those of a credential.

    :param claim: ``client`` or ``subject``, as :class:`~..messaging.tokens.Claims` has them
    """

    issuer_id: int
    claim: str
    value: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class CredentialConfig:
    """Revoked and expired ones too, so that the answer can say so."""

    id: int
    key_id: str
    kind: str
    secret_sealed: str
    bearer_hash: str
    valid_from: datetime | None
    valid_until: datetime | None
    revoked: bool
    system: SystemConfig
    channel_ids: frozenset[int] | None  # None: all channels of the system
    allowed_sources: frozenset[str]
    networks: tuple[Network, ...] = ()  # of the sender; none: from anywhere
    certificates: Mapping[str, datetime | None] = field(default_factory=dict)  # with their ends
    token: TokenBinding | None = None

    @property
    def aad(self) -> str:
        return secret_aad(self.key_id)

    @property
    def identities(self) -> tuple[tuple[Any, ...], ...]:
        """Where it is found by what a caller shows, and not by its key id."""
        if self.token is not None:
            return (("oauth", self.token.issuer_id, self.token.claim, self.token.value),)
        return tuple(("mtls", thumbprint) for thumbprint in self.certificates)
