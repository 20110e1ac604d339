"""Rows of files: dialects, character sets, caps, and one bad row beside good ones."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.batch import columns, events, rows, write
from messaging.batch.columns import Column
from messaging.batch.rows import Dialect
from messaging.contract import Contract
from messaging.errors import MessageError

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "x-hc-type": "test.rows.v1",
    "type": "object",
    "properties": {
        "item": {
            "type": "object",
            "properties": {
                "system": {"type": "string", "x-hc-class": "operational"},
                "value": {"type": "string", "x-hc-class": "operational"},
            },
        },
        "active": {"type": "boolean", "x-hc-class": "operational"},
        "factor": {
            "type": "number",
            "x-hc-class": "operational",
            "x-hc-decimal": {"digits": 9, "places": 3},
        },
        "identifiers": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"value": {"type": "string", "x-hc-class": "operational"}},
            },
        },
    },
}
TARGETS = Contract(SCHEMA).targets
TABLE = [
    Column("no", "/item/value", required=True),
    Column("sys", "/item/system", default="local"),
    Column("on", "/active"),
    Column("f", "/factor"),
    Column("gtin", "/identifiers/0/value"),
]


def read(raw, table=TABLE, **dialect):
    return list(rows.read_csv(raw, Dialect(**dialect), table, TARGETS))


def code_of(call, *args, **named):
    with pytest.raises(MessageError) as caught:
        call(*args, **named)
    return caught.value.code


def test_csv_columns_become_fields():
    raw = b"no,on,f,gtin,other\r\nA-1,yes,1.50,0038,x\r\nA-2,0,,,\r\n"
    first, second = read(raw)
    assert first.value == {
        "item": {"system": "local", "value": "A-1"},
        "active": True,
        "factor": Decimal("1.50"),
        "identifiers": [{"value": "0038"}],
    }
    assert second.value == {"item": {"system": "local", "value": "A-2"}, "active": False}


def test_csv_header_names_fields_where_nothing_is_mapped():
    [row] = read(b"item.value,active\nA-1,true\n", table=[])
    assert row.value == {"item": {"value": "A-1"}, "active": True}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_delimiters(delimiter):
    raw = delimiter.join(["no", "on"]) + "\n" + delimiter.join(["A", "true"]) + "\n"
    [row] = read(raw.encode(), delimiter=delimiter)
    assert row.value["item"]["value"] == "A"


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "iso-8859-1", "iso-8859-15"])
def test_csv_character_sets(charset):
    [row] = read("no\nMüll-é\n".encode(charset), charset=charset)
    assert row.value["item"]["value"] == "Müll-é"


def test_csv_byte_order_mark_is_no_part_of_the_header():
    [row] = read(b"\xef\xbb\xbfno\nA\n")
    assert row.value["item"]["value"] == "A"


def test_csv_wrong_character_set_refuses_the_file():
    assert code_of(read, "no\nMüll\n".encode("latin-1")) == "encoding_invalid"


def test_csv_quotes_hold_delimiters_line_ends_and_quotes():
    [row] = read(b'no,on\n"A,\n""1""",true\n')
    assert row.value["item"]["value"] == 'A,\n"1"'


def test_csv_open_quote_refuses_the_file():
    assert code_of(read, b'no\n"A\n') == "file_malformed"


def test_csv_nul_refuses_the_file():
    assert code_of(read, b"no\nA\0\n") == "file_malformed"


@pytest.mark.parametrize("raw", [b"", b"\n", b"no,no\nA,B\n", b"number\n1\n", b"sys\nlocal\n"])
def test_csv_header_that_cannot_be_read(raw):
    assert code_of(read, raw) == "file_header_invalid"


def test_csv_too_many_columns():
    header = ",".join(["no", *map(str, range(rows.MAX_COLUMNS))])
    assert code_of(read, header.encode()) == "file_header_invalid"


def test_csv_ragged_row_and_huge_cell_spoil_no_other():
    huge = "x" * (rows.MAX_CELL + 1)
    found = read(f"no,on\nA,true,3\n{huge},true\nB,true\n\nC,true\n".encode())
    assert [row.number for row in found] == [1, 2, 3, 4]
    assert [row.error.errors[0].rule if row.error else None for row in found] == [
        "columns", "maxLength", None, None,
    ]  # fmt: skip
    assert huge not in str(found[1].error.errors)


def test_ndjson_bad_line_spoils_no_other():
    raw = b'\xef\xbb\xbf{"a": 1}\n\n{"a": NaN}\r\n[1]\n{"a": 2}'
    found = list(rows.read_ndjson(raw))
    assert [row.number for row in found] == [1, 2, 3, 4]
    assert found[1].error.code == "malformed_json"
    assert [found[0].value, found[2].value, found[3].value] == [{"a": 1}, [1], {"a": 2}]


def test_array_of_more_than_a_request_may_hold():
    raw = json.dumps([{"n": n} for n in range(12_000)]).encode()
    assert len(list(rows.read_array(raw))) == 12_000
    assert list(rows.read_array(b" [ ] ")) == []


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1", b'[1] "x"'])
def test_array_that_is_none(raw):
    with pytest.raises(MessageError) as caught:
        list(rows.read_array(raw))
    assert caught.value.code == "file_malformed"


def test_limit_of_rows():
    found = rows.limited(rows.read_ndjson(b"{}\n" * 5), 4)
    assert code_of(list, found) == "file_too_many_rows"


def test_estimate():
    assert rows.estimate(b"a\n1\n2\n", "csv") == 2
    assert rows.estimate(b"1\n2", "ndjson") == 2
    assert rows.estimate(b"", "csv") == 0


@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=30),
        min_size=1,
    )
)
def test_what_is_written_is_read_again(texts):
    data = [{"item": {"value": f"x{text}x"}} for text in texts]
    raw = write.table(data, [Column("no", "/item/value")], Dialect())
    assert [row.value["item"]["value"] for row in read(raw)] == [f"x{text}x" for text in texts]


def test_report_holds_no_formula():
    raw = write.report(["a"], [["=1+1"], ["+1"], ["-1"], ["@x"], ["\tx"], [5], [None]])
    text = raw.decode("utf-8-sig")
    assert text.splitlines() == ["a", "'=1+1", "'+1", "'-1", "'@x", "'\tx", "5", '""']


def test_list_places_are_limited():
    assert columns.assemble([("/l/1/v", "b"), ("/l/0/v", "a")], {}) == {
        "l": [{"v": "a"}, {"v": "b"}]
    }
    assert columns.pattern_of("/l/10/v") == "/l/*/v"
    assert not columns.is_pointer("l/v")
    assert not columns.is_pointer("/l//v")


# -- events ---------------------------------------------------------------------------------


def origin(**more):
    values = {
        "source": "urn:hc:batch:x",
        "type": "test.v1",
        "file_key": "k",
        "time": datetime(2026, 11, 24, tzinfo=UTC),
    }
    return events.Origin(**{**values, **more})


def made(data, **more):
    found = events.read((rows.Row(n, one) for n, one in enumerate(data, 1)), origin(**more))
    return [event for _number, event in found]


def test_place_in_the_file_is_the_id():
    assert [event.id for event in made([{"a": 1}, {"a": 1}])] == ["k.1", "k.2"]


def test_fields_are_the_id_and_cannot_run_into_each_other():
    pointers = ("/a", "/b")
    one, two = made([{"a": "x|", "b": "y"}, {"a": "x", "b": "|y"}], id_pointers=pointers)
    assert one.id != two.id
    [missing] = made([{"a": "x"}], id_pointers=pointers)
    assert missing.errors[0].pointer == "/b"


def test_time_of_the_row_else_of_the_file():
    one, two, bad = made(
        [{"t": "2026-01-02T03:04:05+01:00"}, {}, {"t": "nonsense"}], time_pointer="/t"
    )
    assert one.time.isoformat() == "2026-01-02T02:04:05+00:00"
    assert two.time == origin().time
    assert (bad.code, bad.errors[0].rule) == ("contract_invalid", "x-hc-time")


def test_cloudevents_keep_their_own_id():
    event = {"specversion": "1.0", "id": "e1", "source": "s", "type": "t.v1", "data": {"a": 1}}
    good, bad = made([event, {"id": "e2"}], is_event=True)
    assert (good.id, good.type, good.key) == ("e1", "t.v1", ("s", "e1"))
    assert bad.code == "envelope_invalid"


def test_file_key_tells_name_content_and_time_apart():
    keys = {
        events.file_key(b"k" * 32, "a", "1"),
        events.file_key(b"k" * 32, "b", "1"),
        events.file_key(b"k" * 32, "a", "2"),
        events.file_key(b"k" * 32, "a", "1", datetime(2026, 1, 1, tzinfo=UTC)),
    }
    assert len(keys) == 4
    assert events.file_key(b"k" * 32, "a", "1") in keys


def test_array_is_json():
    rows_ = [{"a": Decimal("1.50"), "b": "ä"}, {"a": Decimal(2)}]
    assert write.array(rows_) == '[{"a": "1.50", "b": "ä"}, {"a": 2}]'.encode()
    assert write.array([]) == b"[]"
