# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.envelope import parse_binary, parse_structured
from messaging.errors import MessageError

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVENT = {
    "specversion": "1.0",
    "id": "evt-0001",
    "source": "urn:hc:cabinet:7B",
    "type": "supply.consumed.v1",
    "time": "2026-11-22T10:00:00+01:00",
    "subject": "ICU-1",
    "correlationid": "c:1/2@x",
    "causationid": "cause_1",
    "traceparent": TRACE,
    "data": {"a": 1},
}


def errors_of(change, fallback_id=None):
    event = {key: value for key, value in {**EVENT, **change}.items() if value is not ...}
    with pytest.raises(MessageError) as caught:
        parse_structured(event, fallback_id=fallback_id)
    assert caught.value.code == "envelope_invalid"
    assert caught.value.spec.status == 422
    return [(error.pointer, error.rule) for error in caught.value.errors]


def test_structured():
    event = parse_structured(EVENT, fallback_id="other")
    assert event.id == "evt-0001"
    assert event.key == ("urn:hc:cabinet:7B", "evt-0001")
    assert event.time == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert (event.type, event.subject, event.data) == ("supply.consumed.v1", "ICU-1", {"a": 1})
    assert (event.correlation_id, event.causation_id) == ("c:1/2@x", "cause_1")
    assert event.traceparent == TRACE
    assert event.reuse == "refuse"
    assert not event.relaxed


def test_least_event_and_fallback_id():
    least = {key: EVENT[key] for key in ("specversion", "source", "type", "data")}
    event = parse_structured(least, fallback_id="msg_1")
    assert (event.id, event.time, event.subject) == ("msg_1", None, None)
    assert errors_of({"id": ...}) == [("/id", "required")]
    assert errors_of({"id": ""}, "msg_1") == [("/id", "minLength")]
    assert errors_of({"id": ...}, "x" * 300) == [("/id", "maxLength")]


def test_unknown_attributes_do_not_matter():
    assert parse_structured({**EVENT, "Name of a patient": {"x": []}}, fallback_id=None)
    assert parse_structured({**EVENT, "datacontenttype": "application/json"}, fallback_id=None)
    assert parse_structured(
        {**EVENT, "datacontenttype": "application/x+json; charset=utf-8"}, fallback_id=None
    )


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"specversion": ...}, [("/specversion", "const")]),
        ({"specversion": "0.3"}, [("/specversion", "const")]),
        ({"specversion": Decimal("1.0")}, [("/specversion", "const")]),
        ({"source": ...}, [("/source", "required")]),
        ({"type": None}, [("/type", "required")]),
        ({"type": 5}, [("/type", "type")]),
        ({"id": ["x"]}, [("/id", "type")]),
        ({"id": "  "}, [("/id", "minLength")]),
        ({"id": "a\nb"}, [("/id", "pattern")]),
        ({"id": "a\x7f"}, [("/id", "pattern")]),
        ({"id": "a\ud800"}, [("/id", "pattern")]),
        ({"subject": "a\u202eb"}, [("/subject", "pattern")]),
        ({"subject": "x" * 257}, [("/subject", "maxLength")]),
        ({"correlationid": "x" * 129}, [("/correlationid", "maxLength")]),
        ({"correlationid": "a b"}, [("/correlationid", "pattern")]),
        ({"causationid": "ä"}, [("/causationid", "pattern")]),
        ({"time": "2026-11-22T09:00:00"}, [("/time", "format")]),
        ({"time": "2026-11-22"}, [("/time", "format")]),
        ({"time": "yesterday"}, [("/time", "format")]),
        ({"time": 5}, [("/time", "format")]),
        ({"time": "0001-01-01T00:00:00+23:59"}, [("/time", "format")]),
        ({"traceparent": "00-0-0-0"}, [("/traceparent", "pattern")]),
        ({"traceparent": TRACE.upper()}, [("/traceparent", "pattern")]),
        ({"traceparent": "ff" + TRACE[2:]}, [("/traceparent", "pattern")]),
        ({"traceparent": f"00-{'0' * 32}-{'1' * 16}-01"}, [("/traceparent", "pattern")]),
        ({"traceparent": f"00-{'1' * 32}-{'0' * 16}-01"}, [("/traceparent", "pattern")]),
        ({"traceparent": TRACE + "\n"}, [("/traceparent", "pattern")]),
        ({"data": ...}, [("/data", "required")]),
        ({"data": []}, [("/data", "type")]),
        ({"data": "x"}, [("/data", "type")]),
        ({"data_base64": "eA=="}, [("/data_base64", "unsupported")]),
        ({"datacontenttype": "text/xml"}, [("/datacontenttype", "unsupported")]),
        ({"datacontenttype": 1}, [("/datacontenttype", "unsupported")]),
        (
            {"id": ..., "data": 1, "time": ""},
            [("/id", "required"), ("/time", "format"), ("/data", "type")],
        ),
    ],
)
def test_refused(change, errors):
    assert errors_of(change) == errors


@pytest.mark.parametrize("value", [None, [], "x", 5, True])
def test_not_an_object(value):
    with pytest.raises(MessageError) as caught:
        parse_structured(value, fallback_id=None)
    assert caught.value.code == "envelope_invalid"


def binary(**change):
    headers = {"CE-" + key: value for key, value in EVENT.items() if key != "data"}
    headers |= {f"ce-{key}": value for key, value in change.items()}
    return headers


def test_binary():
    headers = {key.title(): value for key, value in binary().items()}
    headers["Content-Type"] = "application/json"
    assert parse_binary(headers, {"a": 1}, fallback_id=None) == parse_structured(
        EVENT, fallback_id=None
    )
    event = parse_binary({**headers, "Ce-Subject": "Caf%C3%A9%20%2525"}, {}, fallback_id=None)
    assert event.subject == "Café %25"


@pytest.mark.parametrize(
    ("headers", "pointer"),
    [
        ({"CE-subject": "%FF"}, "/subject"),
        ({"CE-subject": "Ä"}, "/subject"),
        ({"CE-subject": "%0A"}, "/subject"),
        ({"CE-subject": "%00"}, "/subject"),
        ({"CE-subject": "a" * 5000}, "/subject"),
        ({"CE-id": "%ED%A0%80"}, "/id"),
    ],
)
def test_binary_refused(headers, pointer):
    with pytest.raises(MessageError) as caught:
        parse_binary({**binary(), **headers}, {}, fallback_id="x")
    assert [error.pointer for error in caught.value.errors] == [pointer]


@given(
    st.dictionaries(
        st.sampled_from(list(EVENT)),
        st.none() | st.text() | st.integers() | st.just({}),
    )
)
def test_never_raises_anything_else(change):
    try:
        event = parse_structured({**EVENT, **change}, fallback_id=None)
    except MessageError as error:
        values = [value for value in change.values() if isinstance(value, str) and value]
        assert not any(value in e.rule for value in values if len(value) > 9 for e in error.errors)
        return
    assert event.id
    assert event.time is None or event.time.tzinfo
