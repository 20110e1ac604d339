# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Files that are written: for partners, and the report of a run for people."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ..event import JsonObject
from . import columns as cells
from .columns import Column
from .rows import Dialect

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def ndjson(objects: Iterable[JsonObject]) -> bytes:
    """One JSON object on each line, in the order of its members."""
    lines = (json.dumps(one, ensure_ascii=False, default=_number) for one in objects)
    return "".join(f"{line}\n" for line in lines).encode()


def array(objects: Iterable[JsonObject]) -> bytes:
    """One JSON array."""
    return json.dumps(list(objects), ensure_ascii=False, default=_number).encode()


def table(objects: Iterable[JsonObject], columns: Sequence[Column], dialect: Dialect) -> bytes:
    """A CSV file (RFC 4180) with a header. Values stay as they are: the reader is a program."""
    rows = (
        [cells.as_text(cells.find(one, column.pointer)) or column.default for column in columns]
        for one in objects
    )
    return _csv([column.name for column in columns], rows, dialect, dialect.charset)


def report(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file for people: no cell is taken for a formula by a spreadsheet."""
    safe = ([harmless(cell) for cell in row] for row in rows)
    return _csv(header, safe, Dialect(), "utf-8-sig")


def harmless(cell: object) -> str:
    """The text of a cell that no spreadsheet takes for a formula."""
    text = "" if cell is None or cell is False else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(
    header: Sequence[str], rows: Iterable[Sequence[str]], dialect: Dialect, charset: str
) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=dialect.delimiter, quotechar=dialect.quote)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode(charset, errors="strict")


def _number(value: object) -> int | float | str:
    if not isinstance(value, Decimal):
        raise TypeError("not a value of JSON")
    return int(value) if value == value.to_integral_value() else str(value)
