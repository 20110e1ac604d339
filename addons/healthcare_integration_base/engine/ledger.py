# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Putting prepared events into the ledger: durably, once, whole or not at all.

Optimistic: all rows are inserted in one statement. Only when one of them is there already
is it looked at which, and why. A transaction that loses against an equal one is repeated
here and at once, not by the request's retry loop, which would sleep in the worker.
"""

from dataclasses import dataclass, replace
from datetime import UTC

import psycopg2
from psycopg2.extras import Json

from odoo import SUPERUSER_ID, api

from ..messaging.digest import keyed
from ..messaging.errors import MessageError
from ..messaging.ids import new_id
from ..messaging.intake import Prepared
from ..models.hc_audit_event import APPEND, document
from ..models.wire_config import ChannelConfig, SystemConfig
from . import alone
from .wake import wake_lanes

RETRIES = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One event for one channel."""

    channel: ChannelConfig
    prepared: Prepared
    format: str
    control_id_reused: bool = False

    @property
    def key(self):
        return self.channel.id, self.prepared.idempotency_key


@dataclass(frozen=True, slots=True)
class Stored:
    """What the sender is told of one entry."""

    uuid: str
    correlation: str
    duplicate: bool
    channel_id: int


@dataclass(slots=True)
class Group:
    """Entries that are kept together or not at all; all of one sender's document.

    ``result`` is a list of :class:`Stored`, or the :class:`MessageError` that refuses it.
    """

    entries: list[Entry]
    result: list[Stored] | MessageError | None = None


class Ledger:
    """Keeps what one system sends.

    :param actor: user whom the trail names; the system's own if none
    """

    def __init__(self, env, system: SystemConfig, actor: int | None = None):
        self.env = env
        self.system = system
        self.actor = actor or system.user_id

    def store(self, groups):
        """Keep ``groups``; each has its ``result`` afterwards.

        The environment's cursor is committed on return: what is acknowledged has to be on
        disk before. Lanes of new messages are woken.
        """
        groups = [group for group in groups if group.entries and group.result is None]
        if not groups:
            return
        cr = self.env.cr
        if self._keep_one(cr, groups):
            return
        for _attempt in range(RETRIES):
            try:
                lanes = self._transaction(cr, groups)
                break
            except psycopg2.errors.SerializationFailure:
                # Somebody has just committed the same event: the next look sees it.
                cr.rollback()
        else:
            raise MessageError("database_unavailable", retry_after=1)
        wake_lanes(cr, lanes)

    def _keep_one(self, cr, groups):
        """The common case: one event, and it is new. One statement keeps it, and its trail
        only if it was kept; says whether that was all."""
        if len(groups) > 1 or len(groups[0].entries) > 1 or not alone.is_possible(cr):
            return False
        [row] = self._stage(groups, {})
        values = [row[name] for name in COLUMNS]
        with alone.statement(cr):
            cr.execute(KEEP_ONE, [*values, self._trail([row])], log_exceptions=False)
            is_new = cr.fetchone() is not None
        if is_new and row["state"] == "received":
            wake_lanes(cr, [row["lane_id"]])
        return is_new

    def _transaction(self, cr, groups):
        """Keep the groups, and commit.

        :return: ids of the lanes that have work now.
        """
        rows = self._stage(groups, {})
        if not self._insert(cr, rows):
            cr.rollback()
            rows = self._stage(groups, self._existing(cr, groups))
            if not self._insert(cr, rows):
                raise psycopg2.errors.SerializationFailure
        self._report_reuse(cr, rows)
        cr.commit()  # pylint: disable=invalid-commit
        return {row["lane_id"] for row in rows if row["state"] == "received"}

    # ------------------------------------------------------------------- staging

    def _stage(self, groups, known):
        """Decide what of each group is new, given the keys that are ``known`` already."""
        rows = []
        for group in groups:
            staged = {}
            try:
                correlation = self._correlation(group)
                group.result = [
                    self._resolve(entry, known, staged, correlation) for entry in group.entries
                ]
            except MessageError as error:
                group.result = error
                continue
            known.update({key: _seen(row) for key, row in staged.items()})
            rows += staged.values()
        return rows

    def _correlation(self, group):
        for entry in group.entries:
            if entry.prepared.correlation_identifier:
                return entry.prepared.correlation_identifier
        return new_id()

    def _resolve(self, entry, known, staged, correlation):
        seen = known.get(entry.key) or _seen(staged.get(entry.key))
        if seen is None:
            row = staged[entry.key] = self._row(entry, correlation)
            return Stored(row["uuid"], correlation, False, entry.channel.id)
        if seen["payload_digest"] == entry.prepared.payload_digest:
            return Stored(
                seen["uuid"],
                seen["correlation_identifier"] or correlation,
                True,
                entry.channel.id,
            )
        if entry.prepared.reuse != "keep" or entry.control_id_reused:
            raise MessageError("id_reused")
        return self._resolve(_with_own_key(entry), known, staged, correlation)

    def _row(self, entry, correlation):
        prepared, channel = entry.prepared, entry.channel
        spread = prepared.ordering_key or prepared.idempotency_key
        return {
            "uuid": new_id(),
            "direction": "in",
            "format": entry.format,
            "system_id": self.system.id,
            "channel_id": channel.id,
            "lane_id": channel.lane_id,
            "message_type_id": channel.types[prepared.type][0],
            "company_id": company_of(self.system, channel, prepared.payload),
            "message_identifier": prepared.message_identifier,
            "source": prepared.source,
            "subject": prepared.subject,
            "event_time": _naive_utc(prepared.time),
            "correlation_identifier": correlation,
            "causation_identifier": prepared.causation_identifier,
            "traceparent": prepared.traceparent,
            "idempotency_key": prepared.idempotency_key,
            "payload_digest": prepared.payload_digest,
            "payload": Json(prepared.payload),
            "dropped": Json(prepared.dropped) if prepared.dropped else None,
            "business_key": prepared.business_key,
            "ordering_key": prepared.ordering_key,
            "shard": _shard(spread, channel.shard_count),
            "weak_key": prepared.weak_key,
            "state": "done" if prepared.ignored else "received",
            "error_code": prepared.ignored,
            "control_id_reused": entry.control_id_reused,
        }

    # ----------------------------------------------------------------------- SQL

    def _insert(self, cr, rows):
        """Insert all rows, and into the trail; says whether none was there already.

        One round trip, and none that reaches a log with its values when it fails.
        """
        if not rows:
            return True
        query = APPEND + "; " + INSERT + ", ".join([TEMPLATE] * len(rows)) + RETURNING
        values = [row[name] for row in rows for name in COLUMNS]
        cr.execute(query, [self._trail(rows), *values], log_exceptions=False)
        ids = dict(cr.fetchall())
        for row in rows:
            row["id"] = ids.get(row["uuid"])
        return len(ids) == len(rows)

    def _existing(self, cr, groups):
        entries = [entry for group in groups for entry in group.entries]
        entries += [_with_own_key(entry) for entry in entries if entry.prepared.reuse == "keep"]
        cr.execute(
            "SELECT uuid, channel_id, idempotency_key, payload_digest, correlation_identifier"
            " FROM hc_message WHERE channel_id = ANY(%s) AND idempotency_key = ANY(%s)",
            [
                list({entry.channel.id for entry in entries}),
                [entry.prepared.idempotency_key for entry in entries],
            ],
        )
        return {(row["channel_id"], row["idempotency_key"]): row for row in cr.dictfetchall()}

    def _trail(self, rows):
        return document(
            self.actor,
            [
                {
                    "action": "message.received",
                    "outcome": row["state"],
                    "object": row["uuid"],
                    "system_id": self.system.id,
                    "company_id": row["company_id"],
                    "code": row["error_code"],
                    "correlation": row["correlation_identifier"],
                    "digest": row["payload_digest"],
                }
                for row in rows
            ],
        )

    def _report_reuse(self, cr, rows):
        """A control id that comes back with other content is kept, and somebody is told."""
        reused = [
            {
                "message_id": row["id"],
                "waiting": False,
                "system_id": row["system_id"],
                "channel_id": row["channel_id"],
                "company_id": row["company_id"],
                "error_code": "control_id_reused",
                "subject": None,
                "fix": None,
            }
            for row in rows
            if row["control_id_reused"]
        ]
        if reused:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["hc.issue"]._report(reused)
            env.flush_all()


def company_of(system, channel, payload):
    """The company of the site that a message names, else of the channel's default site,
    else of the system. A handler that knows better moves the message."""
    facility = payload.get("facility")
    if facility is None:
        return channel.default_company_id or system.company_id
    return system.facilities.get(facility, system.company_id)


def _naive_utc(moment):
    """As Odoo keeps it, whatever time zone the database session is in."""
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


def _seen(row):
    """A row as a later event of the same key sees it."""
    return row and {
        "uuid": row["uuid"],
        "payload_digest": row["payload_digest"],
        "correlation_identifier": row["correlation_identifier"],
    }


def _with_own_key(entry):
    """The same control id with other content is another event: the digest joins the key."""
    prepared = entry.prepared
    key = keyed(bytes.fromhex(prepared.idempotency_key), prepared.payload_digest)
    return replace(entry, prepared=replace(prepared, idempotency_key=key), control_id_reused=True)


def _shard(spread, count):
    """Spread keys evenly and the same way on every machine."""
    if count == 1:
        return 0
    return int(keyed(b"hc.shard", spread)[:8], 16) % count


COLUMNS = (
    "uuid", "direction", "format", "system_id", "channel_id", "lane_id", "message_type_id",
    "company_id", "message_identifier", "source", "subject", "event_time",
    "correlation_identifier", "causation_identifier", "traceparent", "idempotency_key",
    "payload_digest", "payload", "dropped", "business_key", "ordering_key", "shard",
    "weak_key", "state", "error_code",
)  # fmt: skip
UTC_NOW = "now() AT TIME ZONE 'UTC'"
INSERT = "".join(
    (
        "INSERT INTO hc_message (",
        ", ".join(COLUMNS),
        ", create_date, next_attempt_at, attempt_count, kill_count) VALUES ",
    )
)
TEMPLATE = f"({', '.join(['%s'] * len(COLUMNS))}, {UTC_NOW}, {UTC_NOW}, 0, 0)"
KEEP_ONE = "".join(
    (
        "WITH kept AS (",
        INSERT,
        TEMPLATE,
        " ON CONFLICT (channel_id, idempotency_key) DO NOTHING RETURNING id)",
        " SELECT hc_audit.append(%s::jsonb) FROM kept",
    )
)
RETURNING = " ON CONFLICT (channel_id, idempotency_key) DO NOTHING RETURNING uuid, id"
