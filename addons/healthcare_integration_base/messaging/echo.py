# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Recognising what comes back: facts of a record, as digests that can be compared.

What was told about a record is kept as one keyed digest for each field, never as values. What
comes in again, by another id, another type of the same domain or another format, says the same
if it states no field that was not told, and none with another value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC

from .digest import canonical, keyed
from .event import JsonObject, JsonValue
from .keyring import KeyRing
from .values import parse_date_time

LENGTH = 32
"""Hexadecimal digits of a digest: 128 bits."""
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", re.ASCII)


def subject(data: Mapping[str, JsonValue], record: tuple[str, ...], ring: KeyRing) -> str | None:
    """Digest of what names the record; none where the data do not name one.

    :param record: members that name it together
    """
    values = [data.get(name) for name in record]
    if not record or any(value in (None, "", {}) for value in values):
        return None
    return keyed(ring.digest_key, "subject", *(canonical(_plain(one)) for one in values))[:LENGTH]


def facts(data: JsonObject, record: tuple[str, ...], ring: KeyRing) -> dict[str, str]:
    """Digest of each field that is stated, without those that name the record."""
    return {
        name: keyed(ring.digest_key, "fact", name, canonical(_plain(value)))[:LENGTH]
        for name, value in data.items()
        if name not in record and value is not None
    }


def is_echo(
    stated: Mapping[str, str], told: Mapping[str, str], *, caused_by_us: bool = False
) -> bool:
    """Whether nothing is said that was not told.

    :param caused_by_us: it says that it follows from the message that told it: fields that
        the receiver has added then make no news, as long as those that were told are unchanged

    >>> is_echo({"a": "1"}, {"a": "1", "b": "2"})
    True
    >>> is_echo({"a": "1", "c": "3"}, {"a": "1", "b": "2"})
    False
    >>> is_echo({"a": "1", "c": "3"}, {"a": "1", "b": "2"}, caused_by_us=True)
    True
    """
    shared = stated.keys() & told.keys()
    if not shared or any(stated[name] != told[name] for name in shared):
        return False
    return caused_by_us or shared == stated.keys()


def _plain(value: JsonValue) -> JsonValue:
    """One form for what formats write differently: the order of a list, the offset of a time,
    the system of a code that is the sender's own."""
    if isinstance(value, list):
        return sorted((_plain(one) for one in value), key=canonical)
    if isinstance(value, dict):
        known = {name: _plain(one) for name, one in value.items() if one is not None}
        return {"system": "local", **known} if known.keys() == {"value"} else known
    if isinstance(value, str) and _MOMENT.match(value):
        moment = parse_date_time(value)
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC).isoformat()
    return value
