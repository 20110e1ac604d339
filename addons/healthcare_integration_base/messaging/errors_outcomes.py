# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors that the database raises under a handler, and how soon they are tried again."""

from __future__ import annotations

from .errors import ErrorSpec, Kind, RetryRule, register

_PATIENCE = RetryRule(base_seconds=2, cap_seconds=60, max_attempts=20)
"""Who is in the way of a transaction is gone in a moment, and comes back often."""

# fmt: off
_ERRORS: tuple[tuple[str, Kind, str, str, RetryRule | None], ...] = (
    ("database_conflict", Kind.TRANSIENT, "Another transaction was in the way.",
     "Nothing: it is tried again by itself.", _PATIENCE),
    ("database_gone", Kind.TRANSIENT, "The database went away during the work.",
     "Nothing: it is tried again by itself.", _PATIENCE),
    ("database_limit", Kind.TRANSIENT, "The database gave the work up as too long or too large.",
     "It is tried again by itself; if it ends dead, look at PostgreSQL's limits and the load.",
     None),
    ("database_refused", Kind.PERMANENT, "The database refused a value of the document.",
     "Give the line of the server's log to whoever maintains the addon; trying again is no help.",
     None),
)
# fmt: on

for _code, _kind, _title, _action, _retry in _ERRORS:
    register(ErrorSpec(_code, 0, _kind, _title, _action, "processing", ("E", "207"), _retry))
