"""Pages of a source: what is asked for, what is taken, and what is refused."""

from datetime import UTC, datetime

import pytest
from messaging.batch import pages
from messaging.errors import MessageError
from messaging.http_client import Answer, Exchange, Failure

NOW = datetime(2026, 5, 1, tzinfo=UTC)
URL = "https://partner.example/items?site=N%20W"
BODY = pages.Paging()
LAST = pages.Paging(next_is="last_row", next="/seq")
LINK = pages.Paging(next_is="link")


def page(body, form="json", paging=BODY, most=10, **answer):
    return pages.read_page(Answer(200, body=body, **answer), form, URL, paging, most)


def refused(*args, **kwargs):
    with pytest.raises(MessageError) as caught:
        page(*args, **kwargs)
    return caught.value.code


@pytest.mark.parametrize(
    ("url", "cursor", "paging", "wanted"),
    [
        (URL, "", BODY, "https://partner.example/items?site=N+W&limit=500"),
        (
            URL,
            "a&b=1#",
            BODY,
            "https://partner.example/items?site=N+W&cursor=a%26b%3D1%23&limit=500",
        ),
        (
            "https://p.example/?since=9&x=",
            "7",
            pages.Paging("since", ""),
            "https://p.example/?x=&since=7",
        ),
    ],
)
def test_url(url, cursor, paging, wanted):
    assert pages.page_url(url, cursor, paging) == wanted


def test_object():
    found = page(b'{"items": [{"a": 1}, 2], "next": "c2"}')
    assert [(row.number, row.value) for row in found.rows] == [(1, {"a": 1}), (2, 2)]
    assert found.next == "c2"


@pytest.mark.parametrize("body", [b'{"items": []}', b'{"items": [], "next": null}', b"[]", b" "])
def test_end(body):
    assert page(body) == pages.Page(())


def test_pointers_of_another_partner():
    paging = pages.Paging(items="/data/list", next="/meta/next")
    found = page(b'{"data": {"list": [1]}, "meta": {"next": 12}}', paging=paging)
    assert (len(found.rows), found.next) == (1, "12")


def test_last_row():
    assert page(b'[{"seq": 7}, {"seq": 9}]', paging=LAST).next == "9"
    assert page(b'{"seq": 7}\n{"seq": 8}\n', "ndjson", LAST).next == "8"
    assert page(b"", "ndjson", LAST).next is None
    assert refused(b'[{"seq": 7}, {}]', paging=LAST) == "page_malformed"


def test_bad_line_spoils_no_other():
    found = page(b'{"seq": 7}\nnonsense\n{"seq": 8}\n', "ndjson", LAST)
    assert [bool(row.error) for row in found.rows] == [False, True, False]


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ('</items?cursor=c2>; rel="next"', "c2"),
        ('<https://partner.example/x?cursor=a%26b>; title="t"; rel=next', "a&b"),
        ('<?cursor=0>; rel="prev", <?cursor=c2>; rel="prefetch next"', "c2"),
        ('<?cursor=0>; rel="nextish"', None),
        ("", None),
    ],
)
def test_link(header, wanted):
    assert page(b"[1]", paging=LINK, link=header).next == wanted


@pytest.mark.parametrize(
    "header",
    [
        '<https://evil.example/items?cursor=c2>; rel="next"',
        '<http://partner.example/items?cursor=c2>; rel="next"',
        '</items>; rel="next"',
    ],
)
def test_link_to_elsewhere(header):
    assert refused(b"[1]", paging=LINK, link=header) == "page_malformed"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"next": "a"}',
        b'{"items": {}}',
        b"<html>",
        b"\xff",
        b'{"items": [], "next": {}}',
        b'{"items": [], "next": true}',
        b'{"items": [], "next": "a\\nb"}',
        b'{"items": [], "next": "' + b"x" * 1001 + b'"}',
        b'{"items": ' + b"[" * 100 + b"]" * 100 + b"}",
        b"[1",
    ],
)
def test_malformed(body):
    assert refused(body) == "page_malformed"


@pytest.mark.parametrize("body", [b"[1,2,3]", b'{"items": [1,2,3]}'])
def test_too_many_rows(body):
    assert refused(body, most=2) == "file_too_many_rows"


@pytest.mark.parametrize(
    ("status", "header", "code", "wait"),
    [
        (301, None, "redirect_refused", None),
        (400, None, "source_refused", None),
        (401, None, "source_denied", None),
        (403, None, "source_denied", None),
        (404, None, "source_missing", None),
        (408, None, "source_failed", None),
        (410, None, "source_missing", None),
        (429, "120", "source_busy", 120),
        (429, None, "source_busy", None),
        (500, None, "source_failed", None),
        (503, "9", "source_busy", 9),
        (503, "99999999", "source_busy", pages.MOST_WAIT),
        (206, None, "page_malformed", None),
    ],
)
def test_refusals(status, header, code, wait):
    with pytest.raises(MessageError) as caught:
        pages.taken(Exchange(Answer(status, retry_after=header)), NOW)
    assert (caught.value.code, caught.value.retry_after) == (code, wait)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure.UNREACHABLE, "source_unreachable"),
        (Failure.LOST, "source_unreachable"),
        (Failure.TLS, "tls_failed"),
        (Failure.ADDRESS, "address_refused"),
    ],
)
def test_no_answer(failure, code):
    with pytest.raises(MessageError) as caught:
        pages.taken(Exchange(failure=failure), NOW)
    assert caught.value.code == code


def test_too_large():
    with pytest.raises(MessageError, match="file_too_large"):
        pages.taken(Exchange(Answer(200, is_cut=True)), NOW)
