# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a sender wrote, sealed, for the hours that a channel keeps it (ADR 0024).

One for each document and channel, in the transaction that keeps its messages.
"""

from ..messaging.errors import MessageError


def aad(message_uuid, channel_id):
    """Binds a sealed original to its message and channel: moved elsewhere it does not open."""
    return f"hc.message.original/{message_uuid}/{channel_id}"


def are_wanted(groups):
    """Whether a channel of these keeps originals."""
    return any(
        entry.channel.original_hours
        for group in groups
        if group.original is not None
        for entry in group.entries
    )


def keep(env, groups, rows):
    """Seal the originals of what is new among ``groups``; the caller commits.

    :param rows: as they were inserted, each with its ``id``
    """
    by_uuid = {row["uuid"]: row for row in rows}
    values = [
        one
        for group in groups
        if group.original is not None and not isinstance(group.result, MessageError)
        for one in _of_group(env, group, by_uuid)
    ]
    if values:
        env.cr.execute(
            "INSERT INTO hc_message_original (message_id, channel_id, company_id, correlation,"
            " sealed, size, create_date, expires_at)"
            " SELECT m, c, y, r, s, z, now() AT TIME ZONE 'UTC',"
            "        now() AT TIME ZONE 'UTC' + h * interval '1 hour'"
            " FROM unnest(%s::int[], %s::int[], %s::int[], %s::text[], %s::text[], %s::int[],"
            "             %s::int[]) AS new(m, c, y, r, s, z, h)",
            [list(column) for column in zip(*values, strict=True)],
            log_exceptions=False,
        )


def _of_group(env, group, by_uuid):
    """One for each channel of the document, at its first new message."""
    ring, raw, seen = None, None, set()
    for entry, stored in zip(group.entries, group.result, strict=True):
        channel, row = entry.channel, by_uuid.get(stored.uuid)
        if not channel.original_hours or channel.id in seen or stored.duplicate or not row:
            continue
        seen.add(channel.id)
        raw = raw if raw is not None else _raw(group.original)
        ring = ring or env["hc.keyring"]._ring()
        yield (
            row["id"],
            channel.id,
            row["company_id"],
            row["correlation_identifier"],
            ring.seal(raw, aad(row["uuid"], channel.id)),
            len(raw),
            channel.original_hours,
        )


def _raw(original):
    return original() if callable(original) else original
