# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""An event of the trail as bytes, the same for ever.

Format 1: the line ``hc-audit-event/1``, then a line ``name:length:value`` for each member
that is not empty, in the order of the alphabet, where the length counts the bytes of the
value in UTF-8. A value is what PostgreSQL prints: numbers in decimal, ``recorded_at`` in UTC
with microseconds (:data:`SELECT`), ``details`` as the text of ``jsonb``. An empty member is
left out, so a column that is added later changes no leaf; a column that is renamed or means
something else takes another format.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..merkle import leaf_hash

HEAD = b"hc-audit-event/1\n"
MEMBERS = (
    "action",
    "after_digest",
    "before_digest",
    "code",
    "company_id",
    "contract",
    "correlation",
    "details",
    "digest",
    "id",
    "object",
    "outcome",
    "reason",
    "recorded_at",
    "system_id",
    "txid",
    "user_id",
)
_PRINTED = {
    "recorded_at": "to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
}
SELECT = ", ".join(f"{_PRINTED.get(name, f'e.{name}::text')} AS {name}" for name in MEMBERS)
"""The members as text, of ``hc_audit.event e``."""


def data(event: Mapping[str, str | None]) -> bytes:
    """The bytes that are hashed."""
    lines = [HEAD]
    for name in MEMBERS:
        value = event.get(name)
        if value is not None:
            raw = value.encode()
            lines.append(b"%s:%d:%s\n" % (name.encode(), len(raw), raw))
    return b"".join(lines)


def hash_of(event: Mapping[str, str | None]) -> bytes:
    """The leaf hash of an event."""
    return leaf_hash(data(event))
