# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors of what comes too fast, too much, or at a time when nothing can be kept."""

from __future__ import annotations

from .errors import ErrorSpec, Kind, register

RATE_LIMITED = "rate_limited"
BACKLOG_FULL = "backlog_full"

register(
    ErrorSpec(
        RATE_LIMITED,
        429,
        Kind.TRANSIENT,
        "The system sends more than was agreed.",
        "Send again after the time in Retry-After, and spread what is sent.",
        "throttled",
        ("R", "207"),
    )
)
register(
    ErrorSpec(
        BACKLOG_FULL,
        429,
        Kind.TRANSIENT,
        "Too many messages wait to be handled.",
        "Send again after the time in Retry-After; what was accepted before is kept.",
        "throttled",
        ("R", "207"),
    )
)
register(
    ErrorSpec(
        "database_upgrading",
        503,
        Kind.TRANSIENT,
        "The database is being updated.",
        "Send again after the time in Retry-After.",
        "transient",
        ("R", "207"),
    )
)
register(
    ErrorSpec(
        "service_unavailable",
        503,
        Kind.TRANSIENT,
        "The service is away for the moment.",
        "Send the same again after the time in Retry-After. Nothing is kept twice.",
        "transient",
        ("R", "207"),
    )
)
