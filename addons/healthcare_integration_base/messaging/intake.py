# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From a canonical event to what the ledger may keep of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .contract import EVENT_ID, Contract, Minimized
from .digest import canonical, keyed
from .event import Event, JsonObject
from .keyring import KeyRing

MIN_EQUAL = 3
MIN_WITHIN = 4


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


def prepare(event: Event, contract: Contract, keyring: KeyRing, *, channel_key: str) -> Prepared:
    """Check, digest, minimize and scrub one event.

    :param channel_key: what tells the channel from all others, and never changes
    :raise MessageError: ``contract_invalid``
    """
    named = contract.check(event.data, relaxed=event.relaxed)
    digest = keyed(keyring.digest_key, "content", canonical(named))
    minimized = contract.minimize(named, event.data, keyring)
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
        dropped=minimized.dropped,
        payload_digest=digest,
        idempotency_key=keyed(keyring.digest_key, "key", channel_key, event.type, *event.key),
        business_key=_key(contract.business_key, minimized.data, identifier),
        ordering_key=_key(contract.ordering_key, minimized.data, identifier),
        reuse=event.reuse,
        ignored=event.ignored,
        weak_key=event.weak_key,
    )


class _Scrubber:
    """Puts a surrogate where a value names a person of the same message."""

    def __init__(self, personal: Iterable[str], keyring: KeyRing) -> None:
        folded = {value.strip().casefold() for value in personal}
        self._personal = {value for value in folded if len(value) >= MIN_EQUAL}
        self._keyring = keyring

    def value(self, text: str) -> str:
        """The whole value is compared."""
        if self._personal and text.strip().casefold() in self._personal:
            return self._keyring.surrogate(text)
        return text

    def attribute(self, text: str) -> str:
        """Senders build ids out of record numbers: these are looked for within, too."""
        folded = text.casefold()
        if any(_within(value, folded) for value in self._personal):
            return self._keyring.surrogate(text)
        return text

    def payload(self, minimized: Minimized) -> None:
        if self._personal:
            for container, key, text in minimized.places:
                container[key] = self.value(text)


def _within(value: str, text: str) -> bool:
    """The value is the text, or a part of it that ends where letters and digits end."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        before, after = text[start - 1 : start], text[end : end + 1]
        if not (before.isalnum() or after.isalnum()):
            return len(value) >= MIN_WITHIN or len(value) == len(text.strip())
        start = text.find(value, start + 1)
    return False


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
