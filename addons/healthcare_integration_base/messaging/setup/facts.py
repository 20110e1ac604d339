# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is known of a running server: plain values, gathered by ``hc.setup.check``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """Odoo's configuration, as the process that answers has it."""

    workers: int = 4
    server_wide: frozenset[str] = frozenset({"base", "web", "hc_gate"})
    databases: tuple[str, ...] = ("hospital",)
    dbfilter: str = ""
    list_db: bool = False
    proxy_mode: bool = True
    dev_mode: tuple[str, ...] = ()
    default_master_password: bool = False
    """The password of the database manager is the one that Odoo ships with."""
    log_level: str = "info"
    log_handlers: tuple[str, ...] = (":INFO",)
    log_db: str = ""
    limit_time_cpu: int = 300
    limit_time_real: int = 300
    limit_time_real_cron: int = 900
    test_enable: bool = False


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """The request that asked for the check, and the address that the world is told."""

    base_url: str = "https://odoo.hospital.example"
    scheme: str = "https"
    forwarded_proto: str = "https"
    """What a proxy says in ``X-Forwarded-Proto``; empty without one."""
    forwarded_for: bool = True
    present: bool = True
    """There is a request; a scheduled check has none."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """Where the master key comes from.

    ``origin`` is ``variable``, ``file`` (named by the environment or the configuration) or
    ``made`` (the file that the suite makes in Odoo's data directory).
    """

    origin: str = "file"
    is_usable: bool = True
    mode: int | None = 0o600
    is_own: bool = True
    """The file belongs to Odoo's user or to root."""
    in_data_dir: bool = False


@dataclass(frozen=True, slots=True)
class PostgresFacts:
    """Settings and roles of the database."""

    settings: Mapping[str, str] = field(default_factory=dict)
    role: str = "odoo"
    is_superuser: bool = False
    audit_owner: str = "hc_audit_owner"
    """Who owns the audit trail's table; empty where there is none."""
    may_become_owner: bool = False
    trail_is_old: bool = False
    """Its schema is of an earlier version of the addon."""
    is_local: bool = True
    """Reached by a socket or by this machine's own address."""
    uses_tls: bool = False


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """Three clocks, in seconds of difference to this server's.

    ``senders`` is how far ahead of their arrival the most advanced of the last messages say
    that they were sent, none where no sender said so.
    """

    database: float = 0.0
    senders: float | None = None
    is_synchronized: bool | None = True
    """Whether the kernel says so; none where it does not say."""


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """One lane: what is due and since when, and whether its scheduled actions are run."""

    name: str
    drainers: int = 1
    switched_off: int = 0
    late_seconds: float = 0
    """By how much the most belated of its scheduled actions should have run already."""
    due: int = 0
    oldest_seconds: float = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class CatalogFacts:
    """What is configured in Odoo itself."""

    cron_workers: int | None = 4
    """Processes that listen for scheduled work, none where that cannot be seen."""
    lanes: tuple[LaneFacts, ...] = ()
    late_actions: tuple[str, ...] = ()
    """Scheduled actions of the suite, beside the lanes', that are switched off or belated."""
    paused_channels: tuple[str, ...] = ()
    unowned_channels: tuple[str, ...] = ()
    ending: tuple[tuple[str, datetime], ...] = ()
    """Credentials and certificates with their end (naive UTC), where it is near or past."""
    neutralized: bool = False
    environment: str | None = "production"
    """What somebody has said that this database is: production, test, or nothing."""
    production_systems: int = 1
    silent_ports: tuple[str, ...] = ()
    enabled_ports: int = 0
    now: datetime = datetime(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it; the defaults are those of a set-up with nothing to find."""

    server: ServerFacts = ServerFacts()
    request: RequestFacts = RequestFacts()
    key: KeyFacts = KeyFacts()
    postgres: PostgresFacts = PostgresFacts()
    clock: ClockFacts = ClockFacts()
    catalog: CatalogFacts = CatalogFacts()
