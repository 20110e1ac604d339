# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From a canonical event to what the ledger may keep of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .contract import EVENT_ID, Contract, Minimized
from .digest import canonical, keyed
from .event import Event, JsonObject, JsonValue
from .keyring import KeyRing
from .mapping import Mapped, Table
from .scrub import Names


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event that is minimized and has its keys; safe to be stored."""

    type: str
    message_identifier: str
    source: str
    subject: str | None
    time: datetime | None
    correlation_identifier: str | None
    causation_identifier: str | None
    traceparent: str | None
    payload: JsonObject
    dropped: dict[str, int]
    payload_digest: str
    idempotency_key: str
    business_key: str | None
    ordering_key: str | None
    reuse: Literal["refuse", "keep"]
    ignored: str | None
    weak_key: bool
    mapping_version: int = 0
    # Digest of what was read without the mapping, where there is one: the same for a resend
    # whatever the version of the mapping.
    source_digest: str | None = None
    application_ack: dict[str, str] | None = None
    # Where a key of pseudonyms was replaced: each new pseudonym, its domain, and what it was
    # called before (:mod:`..engine.pseudonyms`).
    former: dict[str, list[str]] | None = None
    policy_version: int = 0


def prepare(
    event: Event,
    contract: Contract,
    keyring: KeyRing,
    *,
    channel_key: str,
    table: Table | None = None,
) -> Prepared:
    """Map, check, digest, minimize and scrub one event.

    :param channel_key: what tells the channel from all others, and never changes
    :param table: the channel's mapping, if it has one
    :raise MessageError: ``contract_invalid``
    """
    mapped = table.apply(event, contract) if table else Mapped(event.data)
    named = contract.check(mapped.data, relaxed=event.relaxed)
    digest = _digest(named, keyring)
    recording = keyring.recording() if keyring.is_rotated else None
    minimized = contract.minimize(named, mapped.data, recording or keyring)
    scrub = _Scrubber(minimized.personal | event.personal, keyring)
    scrub.payload(minimized)
    identifier = scrub.attribute(event.id)
    return Prepared(
        type=event.type,
        message_identifier=identifier,
        source=scrub.value(event.source),
        subject=event.subject and scrub.attribute(event.subject),
        time=event.time,
        correlation_identifier=event.correlation_id and scrub.attribute(event.correlation_id),
        causation_identifier=event.causation_id and scrub.attribute(event.causation_id),
        traceparent=event.traceparent,
        payload=minimized.data,
        dropped=_sum(minimized.dropped, mapped.withheld),
        payload_digest=digest,
        idempotency_key=keyed(keyring.digest_key, "key", channel_key, event.type, *event.key),
        business_key=_key(contract.business_key, minimized.data, identifier),
        ordering_key=_key(contract.ordering_key, minimized.data, identifier),
        reuse=event.reuse,
        ignored=event.ignored,
        weak_key=event.weak_key,
        mapping_version=table.version if table else 0,
        source_digest=_digest(contract.named(event.data), keyring) if table else None,
        application_ack=event.application_ack and scrub.whole(event.application_ack),
        former=(recording and recording.former) or None,
        policy_version=contract.policy_version,
    )


def _digest(named: JsonValue, keyring: KeyRing) -> str:
    return keyed(keyring.digest_key, "content", canonical(named))


def _sum(dropped: dict[str, int], withheld: dict[str, int]) -> dict[str, int]:
    return {
        pointer: dropped.get(pointer, 0) + withheld.get(pointer, 0)
        for pointer in [*dropped, *(withheld.keys() - dropped.keys())]
    }


class _Scrubber:
    """Puts a surrogate where a value names a person of the same message."""

    def __init__(self, personal: Iterable[str], keyring: KeyRing) -> None:
        self._names = Names(personal)
        self._keyring = keyring

    def value(self, text: str) -> str:
        """The whole value is compared."""
        return self._keyring.surrogate(text) if self._names.equal(text) else text

    def attribute(self, text: str) -> str:
        """Senders build ids out of record numbers: these are looked for within, too."""
        return self._keyring.surrogate(text) if self._names.within(text) else text

    def whole(self, values: dict[str, str]) -> dict[str, str] | None:
        """Values that are good unchanged only; none where one of them names a person."""
        changed = any(self.attribute(text) != text for text in values.values())
        return None if changed else values

    def payload(self, minimized: Minimized) -> None:
        if self._names:
            for container, key, text in minimized.places:
                container[key] = self.value(text)


def _key(parts: tuple[tuple[str, ...], ...], data: JsonObject, identifier: str) -> str | None:
    """``facility|transaction`` of kept values; a part that is missing is empty, and a key
    of nothing but missing parts is none: unrelated messages must not share it."""
    values = [_part(names, data, identifier) for names in parts]
    return "|".join(values) if any(values) else None


def _part(names: tuple[str, ...], data: JsonObject, identifier: str) -> str:
    for name in names:
        value = identifier if name == EVENT_ID else data.get(name)
        if value is not None and value != "":
            return str(value).replace("\\", "\\\\").replace("|", "\\|")
    return ""
