# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From the rows of a file to canonical events whose ids are the same at every reading.

That is what makes a crash harmless: the same file read again is the same events, and the
ledger keeps an event once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from .. import when
from ..digest import keyed
from ..envelope import parse_structured
from ..errors import MessageError
from ..event import Event, JsonObject, JsonValue
from . import columns as cells
from .rows import Row, invalid

MAX_ID = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from.

    :param source: of the events
    :param type: full name of the message type, for rows that are data
    :param file_key: what tells this file from all others of the job
    :param id_pointers: fields that together are the id of a row; none: the row's place
    :param time_pointer: field that says when the row holds
    :param time: for rows that do not say so, aware
    :param zone: of times without an offset
    :param is_event: rows are CloudEvents, and have id, type and time of their own
    """

    source: str
    type: str
    file_key: str
    time: datetime
    zone: tzinfo = UTC
    id_pointers: tuple[str, ...] = ()
    time_pointer: str = ""
    is_event: bool = False


def file_key(key: bytes, name: str, digest: str, moment: datetime | None = None) -> str:
    """Identity of a file: name and content, and its time where that counts."""
    return keyed(key, "hc.batch.file", name, digest, moment.isoformat() if moment else "")[:40]


def read(rows: Iterable[Row], origin: Origin) -> Iterator[tuple[int, Event | MessageError]]:
    """Number and event of each row, or what is wrong with it."""
    for row in rows:
        try:
            yield row.number, _event(row, origin)
        except MessageError as error:
            yield row.number, error


def _event(row: Row, origin: Origin) -> Event:
    if row.error:
        raise row.error
    if not isinstance(row.value, dict):
        raise invalid("", "type")
    if origin.is_event:
        return parse_structured(row.value, fallback_id=None)
    identifier = _id(row, row.value, origin)
    return Event(
        type=origin.type,
        data=row.value,
        id=identifier,
        source=origin.source,
        key=(origin.source, identifier),
        time=_time(row.value, origin),
        origin=row.value,
    )


def _id(row: Row, data: JsonObject, origin: Origin) -> str:
    if not origin.id_pointers:
        return f"{origin.file_key}.{row.number}"
    return "|".join(_part(data, pointer) for pointer in origin.id_pointers)


def _part(data: JsonObject, pointer: str) -> str:
    value: JsonValue = cells.find(data, pointer)
    if value is None or isinstance(value, dict | list) or value == "":
        raise invalid(pointer, "required")
    text = cells.as_text(value).replace("\\", "\\\\").replace("|", "\\|")
    if len(text) > MAX_ID or not text.isprintable():
        raise invalid(pointer, "pattern")
    return text


def _time(data: JsonObject, origin: Origin) -> datetime:
    text = cells.find(data, origin.time_pointer) if origin.time_pointer else None
    if text is None or text == "":
        return origin.time
    moment = when.read(str(text), origin.zone, origin.time)
    if moment is None:
        raise invalid(origin.time_pointer, "x-hc-time")
    return moment.at.replace(tzinfo=UTC)
