# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The rows of a file or page, one by one: a bad one spoils no other.

What is wrong with the whole is raised, what is wrong with a row is told with the row. Both
only by a code and a pointer, never by a value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from .. import guard
from ..contract_targets import Target
from ..errors import FieldError, MessageError
from ..event import JsonValue
from . import columns as cells
from .columns import Column

MAX_CELL = 32_768
MAX_COLUMNS = 500
MAX_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the data, counted from 1; ``value`` or what is wrong with it."""

    number: int
    value: JsonValue = None
    error: MessageError | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written."""

    delimiter: str = ","
    quote: str = '"'
    charset: str = "utf-8"


def invalid(pointer: str, rule: str) -> MessageError:
    """A row that cannot be taken."""
    return MessageError("contract_invalid", errors=[FieldError(pointer, rule)])


def estimate(raw: bytes, form: str) -> int:
    """About how many rows there are, for the progress shown while they are read."""
    if form == "json":
        return 0
    lines = raw.count(b"\n") + (not raw.endswith(b"\n") and bool(raw))
    return max(lines - (form == "csv"), 0)


def limited(rows: Iterator[Row], most: int) -> Iterator[Row]:
    """No more than so many.

    :raise MessageError: ``file_too_many_rows``
    """
    for row in rows:
        if row.number > most:
            raise MessageError("file_too_many_rows")
        yield row


# -- CSV ------------------------------------------------------------------------------------


def read_csv(
    raw: bytes, dialect: Dialect, table: Sequence[Column], targets: Mapping[str, Target]
) -> Iterator[Row]:
    """Rows of a CSV file (RFC 4180) with a header.

    :param table: of the columns that are read; without one a header names the contract's
        fields itself, such as ``item.value``
    """
    text = guard.decode(raw, dialect.charset)
    if "\0" in text:
        raise MessageError("file_malformed")
    lines = _lines(text, dialect)
    header = [name.strip() for name in next(lines, [])]
    places = _places(header, table)
    absent = [(one.pointer, one.default) for one in table if one.name not in header]
    for number, line in enumerate((line for line in lines if line != []), 1):
        yield _csv_row(number, line, len(header), places, absent, targets)


def _lines(text: str, dialect: Dialect) -> Iterator[list[str]]:
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        strict=True,
    )
    try:
        yield from reader
    except csv.Error:
        raise MessageError("file_malformed") from None


def _places(header: list[str], table: Sequence[Column]) -> list[Column | None]:
    """Where each cell of a line goes; none where nobody asks for it."""
    missing = {one.name for one in table if one.required} - set(header)
    if not header or len(header) > MAX_COLUMNS or len(set(header)) < len(header) or missing:
        raise MessageError("file_header_invalid")
    if not table:
        named = [Column(name, cells.pointer_of(name)) for name in header]
        if not all(cells.is_pointer(one.pointer) for one in named):
            raise MessageError("file_header_invalid")
        return list(named)
    wanted = {one.name: one for one in table}
    if not wanted.keys() & set(header):
        raise MessageError("file_header_invalid")
    return [wanted.get(name) for name in header]


def _csv_row(
    number: int,
    line: list[str],
    width: int,
    places: list[Column | None],
    absent: list[tuple[str, str]],
    targets: Mapping[str, Target],
) -> Row:
    if len(line) != width:
        return Row(number, error=invalid("", "columns"))
    for column, cell in zip(places, line, strict=True):
        if len(cell) > MAX_CELL:
            return Row(number, error=invalid(column.pointer if column else "", "maxLength"))
    found = [
        (column.pointer, cell.strip() or column.default)
        for column, cell in zip(places, line, strict=True)
        if column
    ]
    return Row(number, cells.assemble([*absent, *found], targets))


# -- JSON -----------------------------------------------------------------------------------


def read_ndjson(raw: bytes) -> Iterator[Row]:
    """Rows of a file with a JSON value on each line."""
    lines = (line for line in io.BytesIO(raw.removeprefix(b"\xef\xbb\xbf")))
    return _parsed(line for line in lines if line.strip(b" \t\r\n"))


def read_array(raw: bytes) -> Iterator[Row]:
    """Rows of a file that is one JSON array."""
    try:
        items = guard.split_array(raw, most=MAX_ROWS)
    except MessageError as error:
        if error.code == "too_large":
            raise MessageError("file_too_many_rows") from None
        if raw.removeprefix(b"\xef\xbb\xbf").translate(None, b" \t\r\n") == b"[]":
            return iter(())
        raise MessageError("file_malformed") from None
    return _parsed(iter(items))


def _parsed(items: Iterator[bytes]) -> Iterator[Row]:
    for number, item in enumerate(islice(items, MAX_ROWS + 1), 1):
        try:
            yield Row(number, guard.parse_json(item))
        except MessageError as error:
            yield Row(number, error=error)
