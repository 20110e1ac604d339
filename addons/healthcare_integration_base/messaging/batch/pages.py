# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A source that is read page by page: how a page is asked for, and what is in it.

What an answer says is never followed as an address. The only thing that is taken from it is
the next cursor, which goes into the query of the URL that a person has entered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from .. import guard
from ..errors import MessageError
from ..event import JsonValue
from ..http_client import Answer, Exchange, Failure
from ..retry_after import retry_after
from . import columns as cells
from .rows import Row, read_array, read_ndjson

MAX_CURSOR = 1000
MOST_WAIT = 6 * 3600
"""Seconds for which a source may ask us to stay away."""
_LINK = re.compile(r"<([^<>]{1,4000})>((?:\s*;\s*[^,;<>]{1,200}){1,10})")
_REL = re.compile(r';\s*rel\s*=\s*"?(?:[^";]*\s)?next(?:\s[^";]*)?"?\s*(?:;|$)', re.IGNORECASE)
_LATER = (408, 425)


class NextIs(StrEnum):
    """Where the cursor of the next page stands."""

    BODY = "body"
    LAST_ROW = "last_row"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Paging:
    """What a partner calls things.

    :param items: pointer of the rows in an answer that is an object
    :param next_is: where the next cursor stands; ``next`` is its pointer there
    :param cursor_name: query parameter; so is ``limit_name``, empty where there is none
    """

    cursor_name: str = "cursor"
    limit_name: str = "limit"
    limit: int = 500
    items: str = "/items"
    next_is: str = NextIs.BODY
    next: str = "/next"


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, counted from 1, and the cursor of what follows; none: that was the end."""

    rows: tuple[Row, ...]
    next: str | None = None


def page_url(url: str, cursor: str, paging: Paging) -> str:
    """Where the page after ``cursor`` is; empty: the first one."""
    parts = urlsplit(url)
    ours = {paging.cursor_name, paging.limit_name}
    query = [one for one in parse_qsl(parts.query, keep_blank_values=True) if one[0] not in ours]
    if cursor:
        query.append((paging.cursor_name, cursor))
    if paging.limit_name:
        query.append((paging.limit_name, str(paging.limit)))
    return urlunsplit(parts._replace(query=urlencode(query)))


def taken(exchange: Exchange, now: datetime) -> Answer:
    """The answer, where it is a page.

    :param now: with a time zone
    :raise MessageError: why it is none; with ``retry_after`` where the source said when
    """
    answer = exchange.answer
    if answer is None:
        raise MessageError(_FAILURES.get(exchange.failure or Failure.LOST, "source_unreachable"))
    if answer.status not in (200, 204):
        wait = retry_after(answer.retry_after, now, MOST_WAIT)
        raise MessageError(_refusal(answer.status, wait), retry_after=wait)
    if answer.is_cut:
        raise MessageError("file_too_large")
    return answer


_FAILURES = {Failure.TLS: "tls_failed", Failure.ADDRESS: "address_refused"}


def _refusal(status: int, wait: int | None) -> str:
    if status < 400:
        return "redirect_refused" if status >= 300 else "page_malformed"
    if status in (401, 403):
        return "source_denied"
    if status in (404, 410):
        return "source_missing"
    if status == 429 or (status == 503 and wait is not None):
        return "source_busy"
    return "source_failed" if status >= 500 or status in _LATER else "source_refused"


def read_page(answer: Answer, form: str, url: str, paging: Paging, most: int) -> Page:
    """Rows and next cursor of an answer.

    :param form: ``json`` (an array, or an object that holds one) or ``ndjson``
    :param url: that was asked; links are relative to it
    :param most: rows of a page
    :raise MessageError: ``page_malformed``, ``file_too_many_rows``
    """
    whole: JsonValue = None
    if answer.status == 204 or not answer.body.strip():
        rows: tuple[Row, ...] = ()
    elif form == "ndjson":
        rows = _read(lambda: tuple(islice(read_ndjson(answer.body), most + 1)))
    elif answer.body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        rows = _read(lambda: tuple(islice(read_array(answer.body), most + 1)))
    else:
        whole, rows = _of_object(answer.body, paging)
    if len(rows) > most:
        raise MessageError("file_too_many_rows")
    return Page(rows, _next(answer, whole, rows, url, paging))


def _read(reading: Callable[[], tuple[Row, ...]]) -> tuple[Row, ...]:
    try:
        return reading()
    except MessageError as error:
        if error.code == "file_too_many_rows":
            raise
        raise MessageError("page_malformed") from None


def _of_object(body: bytes, paging: Paging) -> tuple[JsonValue, tuple[Row, ...]]:
    try:
        whole = guard.parse_json(body)
    except MessageError:
        raise MessageError("page_malformed") from None
    items = cells.find(whole, paging.items) if paging.items else None
    if not isinstance(items, list):
        raise MessageError("page_malformed")
    return whole, tuple(Row(number, value) for number, value in enumerate(items, 1))


def _next(
    answer: Answer, whole: JsonValue, rows: tuple[Row, ...], url: str, paging: Paging
) -> str | None:
    if paging.next_is == NextIs.LINK:
        return _linked(answer.link, url, paging)
    if paging.next_is == NextIs.BODY:
        return _cursor(cells.find(whole, paging.next))
    if not rows:
        return None
    found = _cursor(cells.find(rows[-1].value, paging.next))
    if found is None:  # without it we would stand still, or go past rows
        raise MessageError("page_malformed")
    return found


def _cursor(value: JsonValue) -> str | None:
    if value is None or value == "":
        return None
    text = "" if isinstance(value, dict | list | bool) else cells.as_text(value)
    if not 0 < len(text) <= MAX_CURSOR or not text.isprintable():
        raise MessageError("page_malformed")
    return text


def _linked(header: str, url: str, paging: Paging) -> str | None:
    """The cursor of ``Link: <...>; rel="next"`` (RFC 8288) to the same server."""
    found = (match for match in _LINK.finditer(header) if _REL.search(match[2]))
    match = next(found, None)
    if match is None:
        return None
    here = urlsplit(url)
    try:
        there = urlsplit(urljoin(url, match[1]))
    except ValueError:
        raise MessageError("page_malformed") from None
    cursor = dict(parse_qsl(there.query)).get(paging.cursor_name)
    if (there.scheme, there.netloc) != (here.scheme, here.netloc) or not cursor:
        raise MessageError("page_malformed")
    return _cursor(cursor)
