# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The audit trail as a file: CSV for people, NDJSON for programs, FHIR R4 for audit
repositories. Written piece by piece, however many events there are.

An event is a dict: ``id``, ``recorded_at`` (an instant in UTC: 2026-11-24T09:00:00.123456Z),
``action``, ``outcome``, ``user_id`` and ``user``, ``system_id`` and ``system``, ``company_id``
and ``company``, ``object``, ``code``, ``correlation``, ``contract``, ``reason``, ``digest``,
``before``, ``after`` and ``details``; what it has not is none.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from . import fhir_audit
from .batch.write import harmless

Event = dict[str, Any]

COLUMNS = (
    "id",
    "recorded_at",
    "action",
    "outcome",
    "user_id",
    "user",
    "system_id",
    "system",
    "company_id",
    "company",
    "object",
    "code",
    "correlation",
    "contract",
    "reason",
    "digest",
    "before",
    "after",
    "details",
)

FORMATS = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "ndjson": ("ndjson", "application/x-ndjson"),
    "fhir_bundle": ("json", "application/fhir+json"),
    "fhir_ndjson": ("ndjson", "application/fhir+ndjson"),
}
"""Extension and media type of each format."""


CHUNK = 64 * 1024
"""Bytes that are handed on together."""


def chunks(form: str, events: Iterable[Event], database: str) -> Iterator[bytes]:
    """The file as :func:`pieces` has it, in pieces of a size that is worth sending."""
    held = bytearray()
    for piece in pieces(form, events, database):
        held += piece
        if len(held) >= CHUNK:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def pieces(form: str, events: Iterable[Event], database: str) -> Iterator[bytes]:
    """The file, in pieces of about an event each.

    :param form: one of :data:`FORMATS`
    :param database: identifier of the database, for FHIR
    """
    write: dict[str, Callable[[Iterable[Event], str], Iterator[str]]] = {
        "csv": _csv,
        "ndjson": _ndjson,
        "fhir_bundle": _bundle,
        "fhir_ndjson": _fhir_lines,
    }
    for piece in write[form](events, database):
        yield piece.encode()


def _csv(events: Iterable[Event], _database: str) -> Iterator[str]:
    """RFC 4180, with a mark of its encoding for spreadsheets; no cell is a formula."""
    yield "\ufeff" + _row(COLUMNS)
    for event in events:
        yield _row([_cell(event.get(name)) for name in COLUMNS])


def _row(cells: Iterable[object]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _cell(value: object) -> str:
    return harmless(_dumps(value) if isinstance(value, dict) else value)


def _ndjson(events: Iterable[Event], _database: str) -> Iterator[str]:
    for event in events:
        yield _dumps({name: event.get(name) for name in COLUMNS}) + "\n"


def _fhir_lines(events: Iterable[Event], database: str) -> Iterator[str]:
    """As in bulk data: one resource on each line."""
    for event in events:
        yield _dumps(fhir_audit.resource(event, database)) + "\n"


def _bundle(events: Iterable[Event], database: str) -> Iterator[str]:
    """A Bundle of the type ``collection``."""
    yield '{"resourceType":"Bundle","type":"collection"'
    opened = False
    for event in events:
        entry = {
            "fullUrl": fhir_audit.full_url(event, database),
            "resource": fhir_audit.resource(event, database),
        }
        yield (",\n" if opened else ',"entry":[\n') + _dumps(entry)
        opened = True
    yield "\n]}\n" if opened else "}\n"


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
