# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
import time
from contextlib import contextmanager
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import guard
from messaging.errors import MessageError


@contextmanager
def refused(code):
    with pytest.raises(MessageError) as caught:
        yield
    assert caught.value.code == code
    assert str(caught.value) == code


@contextmanager
def within(seconds):
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < seconds


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
).filter(lambda value: "\\u0000" not in json.dumps(value) and "\\ud" not in json.dumps(value))


@given(json_values, st.booleans())
def test_json_reads_what_python_reads(value, ascii_only):
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert guard.parse_json(raw) == value


@given(st.binary(max_size=60))
def test_json_never_raises_anything_else(raw):
    try:
        guard.parse_json(raw)
    except MessageError as error:
        assert error.spec.status == 400


@given(st.text(alphabet='[]{},:"\\u0d8 1eE.-', max_size=40))
def test_json_near_misses_never_raise_anything_else(text):
    try:
        value = guard.parse_json(text.encode())
    except MessageError:
        return
    assert json.loads(text) is not None or value is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  ",
        b"{",
        b'{"a":1}x',
        b"{'a':1}",
        b'{"a":1,}',
        b"[1,]",
        b"NaN",
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":"\0"}',
        b'\0{"a":1}',
        b'{"a":"\\u0000"}',
        b'{"\\u0000":1}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"\\uDFFF":1}',
        b'{"a":"\n"}',
        b"01",
        b"+1",
        b"1.",
        b".5",
        b"0x10",
        b"1e21",
        b"1e-21",
        b"1e999999999",
        b"1E+999999999999999999999",
        b"1" + b"0" * 30,
        b"-1" + b"0" * 5000,
        b"0." + b"1" * 31,
        b'{"a":1}'.decode().encode("utf-16-le"),
        b"// x\n1",
    ],
)
def test_json_refused(raw):
    with refused("malformed_json"):
        guard.parse_json(raw)


@pytest.mark.parametrize("raw", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', "ä".encode("latin1")])
def test_json_encoding_refused(raw):
    with refused("encoding_invalid"):
        guard.parse_json(raw)


def test_json_numbers():
    raw = b'{"i":12,"d":1.50,"e":1e3,"m":-0.1,"x":123456789012345678901234567890}'
    value = guard.parse_json(raw)
    assert value["i"] == 12
    assert str(value["d"]) == "1.50"
    assert isinstance(value["e"], Decimal)
    assert value["m"] == Decimal("-0.1")
    assert value["x"] == 123456789012345678901234567890
    assert guard.parse_json(b"0.30000000000000004") == Decimal("0.30000000000000004")


def test_json_bom_and_pairs_of_surrogates():
    assert guard.parse_json(b'\xef\xbb\xbf{"a":"\\ud83d\\ude00\\\\u0000"}') == {"a": "😀\\u0000"}


@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_depth(pair):
    opened, closed = pair
    assert guard.parse_json(opened * 64 + b"1" + closed * 64)
    with refused("nesting_too_deep"):
        guard.parse_json(opened * 65 + b"1" + closed * 65)
    with refused("nesting_too_deep"), within(1):
        guard.parse_json(opened * 40_000 + b"1" + closed * 40_000)
    with refused("nesting_too_deep"), within(1):
        guard.parse_json(opened * 40_000)


def test_json_brackets_in_strings_are_no_depth():
    text = "[{" * 100 + '\\"'
    assert guard.parse_json(json.dumps([text, [text]]).encode()) == [text, [text]]


def test_json_depth_is_not_fooled_by_escapes():
    raw = b'["\\\\"' + b",[" * 70
    with refused("nesting_too_deep"):
        guard.parse_json(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b'"",' * 3_000_000 + b"]",
        b"[" + b"[]," * 3_000_000 + b"]",
        b'"' + b'\\"' * 4_000_000,
        b'[{"' + b"\\" * 8_000_001 + b"]",
        b"{}" * 4_000_000,
    ],
    ids=["strings", "lists", "escapes", "backslashes", "objects"],
)
def test_large_nonsense_is_refused_in_linear_time(raw):
    for parse in (guard.parse_json, guard.split_array):
        with pytest.raises(MessageError), within(4):
            parse(raw)


def test_size():
    guard.check_size(10, 10)
    with refused("too_large"):
        guard.check_size(11, 10)


# -- batches


def test_ndjson():
    raw = b'\xef\xbb\xbf{"a":1}\r\n\n  \n{"b":2}\nbroken'
    assert [line.strip() for line in guard.split_ndjson(raw)] == [b'{"a":1}', b'{"b":2}', b"broken"]
    with refused("malformed_batch"):
        guard.split_ndjson(b"\n \n")
    with refused("too_large"):
        guard.split_ndjson(b"1\n" * 10_001)
    assert len(guard.split_ndjson(b"1\n" * 10_000)) == 10_000


@given(st.lists(json_values, min_size=1, max_size=5))
def test_array_splits_as_json_reads(values):
    for indent in (None, 1):
        raw = json.dumps(values, indent=indent).encode()
        assert [guard.parse_json(item) for item in guard.split_array(raw)] == values


def test_array_bad_items_stay_alone():
    raw = b' [{"a":1},{"a":1,"a":2}, ,"[",{"x":NaN},' + b"[" * 70 + b"]" * 70 + b',"\\ud800",5] '
    items = guard.split_array(raw)
    codes = []
    for item in items:
        try:
            guard.parse_json(item)
            codes.append("ok")
        except MessageError as error:
            codes.append(error.code)
    bad = "malformed_json"
    assert codes == ["ok", bad, bad, "ok", bad, "nesting_too_deep", bad, "ok"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b"[ ]", b"[", b"]", b"[1]]", b"[1", b"[[1]", b'["]', b"[1],[2]", b"1"],
)
def test_array_refused(raw):
    with refused("malformed_batch"):
        guard.split_array(raw)


def test_array_too_long():
    with refused("too_large"):
        guard.split_array(b"[" + b"1," * 10_000 + b"1]")


@given(st.text(alphabet='[]{},"\\ 1a', max_size=30))
def test_array_never_raises_anything_else(text):
    try:
        guard.split_array(f"[{text}]".encode())
    except MessageError as error:
        assert error.code in {"malformed_batch", "too_large"}


# -- text


@pytest.mark.parametrize(
    ("raw", "charset", "text"),
    [
        ("Müller".encode(), "UTF-8", "Müller"),
        ("Müller".encode(), "UNICODE UTF-8", "Müller"),
        (b"\xef\xbb\xbfa", "", "a"),
        (b"M\xfcller", "8859/1", "Müller"),
        (b"M\xfcller", "iso-8859-1", "Müller"),
        (b"\xa4", "8859/15", "€"),
        (b"\x80", "windows-1252", "€"),
        (b"abc", "ASCII", "abc"),
    ],
)
def test_decode(raw, charset, text):
    assert guard.decode(raw, charset) == text


@pytest.mark.parametrize(
    ("raw", "charset"),
    [
        (b"\xff", "utf-8"),
        (b"\x80", "ascii"),
        (b"a", "punycode"),
        (b"a", "unicode_escape"),
        (b"a", "zip"),
        (b"a", "no such"),
        (b"a", "x" * 100_000),
        (b"+AGE-", "utf-7"),
        (b"\x81", "windows-1252"),
    ],
)
def test_decode_refused(raw, charset):
    with refused("encoding_invalid"):
        guard.decode(raw, charset)


# -- ER7


def test_er7_accepts():
    guard.check_er7(b"MSH|^~\\&|A|B\rPID|1\r")
    guard.check_er7(b"\xef\xbb\xbfMSH|^~\\&|A|B\n")
    guard.check_er7(b"MSH|^~\\&#|A")
    guard.check_er7(b"MSH|^~\\|A")
    guard.check_er7(b"MSH$%~!@$A$B")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"MSH",
        b"MSH|",
        b"MSH||",
        b"MSH|^~\\&",
        b"MSH|^^^^|A",
        b"MSHA^~\\&AB",
        b"MSH ^~\\& ",
        b"PID|1",
        b"MSH|^~\\&|A\0",
        b"MSH|^~\\&######|A",
        b"\0MSH|^~\\&|",
    ],
)
def test_er7_refused(raw):
    with refused("malformed_hl7"):
        guard.check_er7(raw)


def test_er7_limits():
    head = b"MSH|^~\\&|A|"
    with refused("too_large"):
        guard.check_er7(head + b"x" * 2_000_000)
    for mark in (b"~", b"|", b"^", b"&", b"\r", b"\n", b"\\"):
        with refused("too_many_delimiters"), within(1):
            guard.check_er7(head + mark * 1_000_000)
    with refused("too_many_delimiters"):
        guard.check_er7(b"MSH$%~!@$A$B" + b"%" * 20_001)
    guard.check_er7(head + b"~" * 10, max_delimiters=20)


@given(st.binary(max_size=30))
def test_er7_never_raises_anything_else(raw):
    try:
        guard.check_er7(b"MSH" + raw)
    except MessageError as error:
        assert error.spec.status in (400, 413)


def test_array_splits_alike_with_and_without_a_parser():
    items = [b'{"a":"]\\",["}', b"[1,[2,{}]]", b' "x,y" ', b"5", b"{}", b"null"]
    good = b"[" + b",\n".join(items) + b"]"
    bad = b"[" + b",\n".join([*items, b"oops"]) + b"]"
    stripped = [item.strip() for item in items]
    assert guard.split_array(good) == stripped
    assert guard.split_array(bad) == [*stripped, b"oops"]
    with_bad_bytes = b'[{"a":1},"\xff",{"b":2}]'
    assert guard.split_array(with_bad_bytes) == [b'{"a":1}', b'"\xff"', b'{"b":2}']
