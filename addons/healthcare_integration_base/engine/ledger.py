# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Putting prepared events into the ledger: durably, once, whole or not at all.

Optimistic: all rows are inserted in one statement. Only when one of them is there already
is it looked at which, and why. A transaction that loses against an equal one is repeated
here and at once, not by the request's retry loop, which would sleep in the worker.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import chain

import psycopg2
from psycopg2.extras import Json

from odoo import SUPERUSER_ID, api

from ..messaging.digest import keyed
from ..messaging.errors import MessageError
from ..messaging.ids import new_id
from ..messaging.intake import Prepared
from ..models.hc_audit_event import document
from ..models.wire_config import ChannelConfig, SystemConfig
from . import alone, originals, pseudonyms
from .shards import shard_of
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

    ``result`` is a list of :class:`Stored`, or the :class:`MessageError` that refuses it;
    ``weight`` what it counts for at the system's rate: one message, or a bundle's entries;
    ``original`` what the sender wrote, or what gives it, for channels that keep it sealed.
    """

    entries: list[Entry]
    result: list[Stored] | MessageError | None = None
    weight: int = 1
    original: bytes | Callable[[], bytes] | None = None


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
            except (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected):
                # Somebody has just committed the same event: the next look sees it. Or another
                # batch holds the same events in another order, and both waited for each other.
                cr.rollback()
        else:
            raise MessageError("database_unavailable", retry_after=1)
        wake_lanes(cr, lanes)

    def _keep_one(self, cr, groups):
        """The common case: one event, and it is new. One statement keeps it, and its trail
        only if it was kept; says whether that was all."""
        if len(groups) > 1 or len(groups[0].entries) > 1 or not alone.is_possible(cr):
            return False
        if originals.are_wanted(groups) or pseudonyms.unsettled(cr, groups):
            return False
        [row] = self._stage(groups, {})
        with alone.statement(cr):
            cr.execute(KEEP_ONE, [*_values(row), self._trail(row)], log_exceptions=False)
            is_new = cr.fetchone() is not None
        if is_new and row["state"] == "received":
            wake_lanes(cr, [row["lane_id"]])
        return is_new

    def _transaction(self, cr, groups):
        """Keep the groups, and commit.

        :return: ids of the lanes that have work now.
        """
        former = pseudonyms.unsettled(cr, groups)
        rows = self._stage(groups, {})
        if not self._insert(cr, rows):
            cr.rollback()
            rows = self._stage(groups, self._existing(cr, groups))
            if not self._insert(cr, rows):
                raise psycopg2.errors.SerializationFailure
        self._report_reuse(cr, rows)
        if former:
            pseudonyms.settle(self.env, former)
        originals.keep(self.env, groups, rows)
        self._beside(cr, groups)
        cr.commit()  # pylint: disable=invalid-commit
        pseudonyms.settled.add(cr.dbname, former)
        return {row["lane_id"] for row in rows if row["state"] == "received"}

    # ------------------------------------------------------------------- staging

    def _stage(self, groups, known):
        """Decide what of each group is new, given the keys that are ``known`` already."""
        rows = []
        for group in groups:
            staged = {}
            try:
                correlation = self._correlation(group, known)
                group.result = [
                    self._resolve(entry, known, staged, correlation) for entry in group.entries
                ]
            except MessageError as error:
                group.result = error
                continue
            known.update(staged)
            rows += staged.values()
        return rows

    def _correlation(self, group, known):
        """One for all of a document: what the sender says, else what a part of it has got
        already (a channel may have been added since), else a new one."""
        said = (entry.prepared.correlation_identifier for entry in group.entries)
        seen = (known.get(entry.key) for entry in group.entries)
        got = (row["correlation_identifier"] for row in seen if row)
        return next(filter(None, chain(said, got)), None) or new_id()

    def _resolve(self, entry, known, staged, correlation):
        seen = known.get(entry.key) or staged.get(entry.key)
        if seen is None:
            row = staged[entry.key] = self._row(entry, correlation)
            return Stored(row["uuid"], correlation, False, entry.channel.id)
        if _is_same(seen, entry.prepared):
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
            "event_time": _utc_text(prepared.time),
            "correlation_identifier": correlation,
            "causation_identifier": prepared.causation_identifier,
            "traceparent": prepared.traceparent,
            "idempotency_key": prepared.idempotency_key,
            "payload_digest": prepared.payload_digest,
            "payload": prepared.payload,
            "dropped": prepared.dropped or None,
            "business_key": prepared.business_key,
            "ordering_key": prepared.ordering_key,
            "shard": shard_of(spread, channel.shard_count),
            "weak_key": prepared.weak_key,
            "state": "done" if prepared.ignored else "received",
            "error_code": prepared.ignored,
            "control_id_reused": entry.control_id_reused,
            "mapping_version": prepared.mapping_version,
            "source_digest": prepared.source_digest,
            "application_ack": prepared.application_ack,
            "is_shadow": prepared.type in channel.shadow_types,
            "policy_version": prepared.policy_version,
            "contract": prepared.type,
        }

    # ----------------------------------------------------------------------- SQL

    def _insert(self, cr, rows):
        """Insert all rows, and into the trail; says whether none was there already.

        One statement with one document, which costs less than a value for each column, and
        none that reaches a log with its values when it fails.
        """
        if not rows:
            return True
        cr.execute(KEEP_MANY, [json.dumps(rows), self.actor], log_exceptions=False)
        ids = dict(cr.fetchall())
        for row in rows:
            row["id"] = ids.get(row["uuid"])
        return len(ids) == len(rows)

    def _existing(self, cr, groups):
        entries = [entry for group in groups for entry in group.entries]
        entries += [_with_own_key(entry) for entry in entries if entry.prepared.reuse == "keep"]
        cr.execute(
            "SELECT uuid, channel_id, idempotency_key, payload_digest, correlation_identifier,"
            " mapping_version, source_digest FROM hc_message"
            " WHERE channel_id = ANY(%s) AND idempotency_key = ANY(%s)",
            [
                list({entry.channel.id for entry in entries}),
                [entry.prepared.idempotency_key for entry in entries],
            ],
        )
        return {(row["channel_id"], row["idempotency_key"]): row for row in cr.dictfetchall()}

    def _trail(self, row):
        event = {name: row[column] for name, column in TRAIL.items()}
        event["contract"] = row["contract"]
        return document(self.actor, [{"action": "message.received", **event}])

    def _beside(self, cr, groups):
        """What is committed together with them; for those who keep a book of their own."""

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


def _utc_text(moment):
    """As Odoo keeps it, naive and in UTC, whatever time zone the database session is in."""
    return moment and moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def _values(row):
    """The row as the parameters of :data:`KEEP_ONE`; nothing is NULL, and not JSON's null."""
    return [
        Json(row[name]) if kind == "jsonb" and row[name] is not None else row[name]
        for name, kind in COLUMNS.items()
    ]


def _is_same(seen, prepared):
    """The digest tells contents apart that were read alike. What was kept under another
    version of the channel's mapping is compared by what is read without one."""
    if (seen["mapping_version"] or 0) == prepared.mapping_version:
        return seen["payload_digest"] == prepared.payload_digest
    before = seen["source_digest"] or seen["payload_digest"]
    return before == (prepared.source_digest or prepared.payload_digest)


def _with_own_key(entry):
    """The same control id with other content is another event: the digest joins the key."""
    prepared = entry.prepared
    content = prepared.source_digest or prepared.payload_digest
    key = keyed(bytes.fromhex(prepared.idempotency_key), content)
    return replace(entry, prepared=replace(prepared, idempotency_key=key), control_id_reused=True)


COLUMNS = {
    "uuid": "text",
    "direction": "text",
    "format": "text",
    "system_id": "integer",
    "channel_id": "integer",
    "lane_id": "integer",
    "message_type_id": "integer",
    "company_id": "integer",
    "message_identifier": "text",
    "source": "text",
    "subject": "text",
    "event_time": "timestamp",
    "correlation_identifier": "text",
    "causation_identifier": "text",
    "traceparent": "text",
    "idempotency_key": "text",
    "payload_digest": "text",
    "payload": "jsonb",
    "dropped": "jsonb",
    "business_key": "text",
    "ordering_key": "text",
    "shard": "integer",
    "weak_key": "boolean",
    "state": "text",
    "error_code": "text",
    "mapping_version": "integer",
    "source_digest": "text",
    "application_ack": "jsonb",
    "is_shadow": "boolean",
    "policy_version": "integer",
}
TRAIL = {
    "outcome": "state",
    "object": "uuid",
    "system_id": "system_id",
    "company_id": "company_id",
    "code": "error_code",
    "correlation": "correlation_identifier",
    "digest": "payload_digest",
}
_NAMES = ", ".join(COLUMNS)
_KINDS = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
_EVENTS = ", ".join(f"'{name}', {column}" for name, column in TRAIL.items())
_NOW = "now() AT TIME ZONE 'UTC'"
_INTO = (
    f"INSERT INTO hc_message ({_NAMES}, create_date, next_attempt_at, attempt_count, kill_count)"
)
_ONCE = "ON CONFLICT (channel_id, idempotency_key) DO NOTHING RETURNING"
KEEP_ONE = " ".join(
    (
        f"WITH kept AS ({_INTO} VALUES ({', '.join(['%s'] * len(COLUMNS))}, {_NOW}, {_NOW}, 0, 0)",
        f"{_ONCE} id)",
        "SELECT hc_audit.append(%s::jsonb) FROM kept",
    )
)
KEEP_MANY = " ".join(
    (
        f"WITH kept AS ({_INTO} SELECT {_NAMES}, {_NOW}, {_NOW}, 0, 0",
        f"FROM json_to_recordset(%s::json) AS event({_KINDS})",
        f"{_ONCE} id, message_type_id, {', '.join(TRAIL.values())}),",
        "trail AS MATERIALIZED (SELECT hc_audit.append(jsonb_agg(jsonb_build_object(",
        f"'action', 'message.received', 'user_id', %s::integer, {_EVENTS}, 'details',",
        "jsonb_build_object('contract', (SELECT t.name FROM hc_message_type t",
        "WHERE t.id = kept.message_type_id))))) FROM kept)",
        "SELECT kept.uuid, kept.id FROM kept, trail",
    )
)
"""Both keep what is not there already, and its entry of the trail. One event goes as values,
which are planned faster; many go as one document, which is read faster."""
