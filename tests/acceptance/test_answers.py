"""The table of answers: kept, known already, and every refusal of a single event."""

import json
import time

import pytest
from simulate.client import STRUCTURED
from support import checks

DEEP = 40_000
NOT_JSON = {
    "text": b"hello " + checks.MARK.encode(),
    "empty": b"",
    "cut": b'{"id": "' + checks.MARK.encode(),
    "NUL": b'{"id": "a\x00b"}',
    "escaped NUL": b'{"id": "a\\u0000b"}',
    "NaN": b'{"id": NaN}',
    "Infinity": b'{"id": -Infinity}',
    "twice the same member": b'{"id": "a", "id": "b"}',
    "twice, nested": b'{"data": {"a": {"x": 1, "x": 2}}}',
    "lone surrogate": b'{"id": "\\ud800"}',
    "surrogate as a name": b'{"\\udc00": 1}',
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "UTF-16": '{"id": "a"}'.encode("utf-16"),
    "65 levels": b"[" * 65 + b"]" * 65,
    "40,000 levels": b"[" * DEEP + b"]" * DEEP,
    "40,000 objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "huge number": b'{"id": ' + b"9" * 5000 + b"}",
    "huge exponent": b'{"id": 1e999999999}',
    "two documents": b"{} {}",
}


def test_kept(hospital, sender):
    event = hospital.event()
    body = checks.accepted(sender.post(hospital.native, event))
    assert [one["message_id"] for one in body["messages"]] == [body["message_id"]]
    found = hospital.settled(body["message_id"])
    assert found["state"] == "done"
    assert found["attempts"] == 1
    assert found["error_code"] is None
    assert len(found["effects"]) == 1
    assert found["correlation_id"] == body["correlation_id"]


def test_correlation_of_the_sender(hospital, sender):
    event = hospital.event() | {"correlationid": "case:4711/a", "causationid": "cause-1"}
    body = checks.accepted(sender.post(hospital.native, event))
    assert body["correlation_id"] == "case:4711/a"


def test_same_again(hospital, sender):
    use = hospital.use(3)
    before = hospital.on_hand(use)
    event = hospital.event(use)
    first = checks.accepted(sender.post(hospital.native, event))
    second = checks.accepted(sender.post(hospital.native, event), 200)
    hospital.settled(first["message_id"])
    third = checks.accepted(sender.post(hospital.native, event, bearer=True), 200)
    for again in (second, third):
        assert again["message_id"] == first["message_id"]
        assert again["correlation_id"] == first["correlation_id"]
    assert hospital.on_hand(use) == before - 3
    assert hospital.kept(event["id"]) == 1


def test_same_content_written_otherwise(hospital, sender):
    event = hospital.event()
    checks.accepted(sender.post(hospital.native, event))
    turned = dict(reversed(event.items()))
    turned["data"] = dict(reversed(event["data"].items()))
    turned["data"]["lines"] = [
        line | {"quantity": float(line["quantity"])} for line in turned["data"]["lines"]
    ]
    checks.accepted(sender.post(hospital.native, json.dumps(turned, indent=4)), 200)


def test_same_id_with_other_content(hospital, sender):
    event = hospital.event()
    checks.accepted(sender.post(hospital.native, event))
    event["data"]["lines"][0]["quantity"] = "77"
    answer = sender.post(hospital.native, event)
    checks.problem(answer, 422, "id_reused", event["id"])
    assert hospital.kept(event["id"]) == 1


def test_same_id_of_another_source_or_type(hospital, sender):
    event = hospital.event()
    other = hospital.event(identifier=event["id"]) | {"source": "urn:hc:cabinet:7C"}
    back = hospital.event(hospital.use(1, back=True), identifier=event["id"])
    for one in (event, other, back):
        one["data"]["transaction"] = hospital.new_id("tx")
        checks.accepted(sender.post(hospital.native, one))
    assert hospital.kept(event["id"]) == 3


@pytest.mark.parametrize("name", NOT_JSON)
def test_not_json(hospital, sender, name):
    before = hospital.total()
    checks.problem(sender.post(hospital.native, NOT_JSON[name]), 400)
    assert hospital.total() == before


def test_64_levels_are_json(hospital, sender):
    """The envelope is one level, data the second; what is too much is not the depth."""
    inner = 1
    for _level in range(62):
        inner = [inner]
    event = hospital.event()
    event["data"]["unknown"] = inner
    checks.accepted(sender.post(hospital.native, event))


def test_byte_order_mark(hospital, sender):
    raw = b"\xef\xbb\xbf" + json.dumps(hospital.event()).encode()
    checks.accepted(sender.post(hospital.native, raw))


def test_server_lives_after_deep_nesting(hospital, sender):
    masters = hospital.machine.workers()
    for _time in range(6):
        sender.post(hospital.native, NOT_JSON["40,000 levels"])
        sender.batch(hospital.native, [NOT_JSON["40,000 levels"]], lines=True)
    assert hospital.machine.workers() == masters


@pytest.mark.parametrize(
    "change",
    [
        {"specversion": "0.3"},
        {"specversion": None},
        {"id": ""},
        {"id": 7},
        {"id": "x" * 300},
        {"id": "a\nb"},
        {"id": "a\x7fb"},
        {"source": ""},
        {"source": "x" * 2000},
        {"type": None},
        {"subject": "a\tb"},
        {"time": "yesterday"},
        {"time": "2026-11-22T09:00:00"},
        {"correlationid": "a b"},
        {"correlationid": "x" * 200},
        {"traceparent": "00-00000000000000000000000000000000-0000000000000000-00"},
        {"data": None},
        {"data": []},
        {"data": "text"},
        {"data_base64": "e30="},
    ],
)
def test_envelope(hospital, sender, change):
    event = hospital.event() | {"subject": checks.MARK} | change
    answer = sender.post(hospital.native, event, message_id=hospital.new_id("msg"))
    body = checks.problem(answer, 422, "envelope_invalid")
    assert body["errors"] and all(one["pointer"] and one["rule"] for one in body["errors"])


def test_attributes_that_may_be_absent(hospital, sender):
    event = hospital.event()
    for name in ("time", "subject"):
        del event[name]
    event["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    checks.accepted(sender.post(hospital.native, event))


def test_id_of_the_event_then_webhook_then_key(hospital, sender):
    event = hospital.event()
    named = hospital.new_id("webhook")
    keyed = {"Idempotency-Key": '"key-1"'}
    checks.accepted(sender.post(hospital.native, event, message_id=named, headers=keyed))
    assert hospital.kept(event["id"]) == 1
    assert hospital.kept(named) == 0
    bare = {name: value for name, value in hospital.event().items() if name != "id"}
    checks.accepted(sender.post(hospital.native, bare, message_id=named, headers=keyed))
    assert hospital.kept(named) == 1


@pytest.mark.parametrize("form", ['"{}"', "{}"])
def test_idempotency_key(hospital, sender, form):
    key = hospital.new_id("key")
    event = {name: value for name, value in hospital.event().items() if name != "id"}
    options = {"bearer": True, "headers": {"Idempotency-Key": form.format(key)}}
    checks.accepted(sender.post(hospital.native, event, **options))
    assert hospital.kept(key) == 1
    checks.accepted(sender.post(hospital.native, event, **options), 200)


def test_without_any_id(hospital, sender):
    event = {name: value for name, value in hospital.event().items() if name != "id"}
    checks.problem(sender.post(hospital.native, event, bearer=True), 422, "envelope_invalid")


def test_unknown_type(hospital, sender):
    event = hospital.event() | {"type": f"{checks.MARK}.v1"}
    checks.problem(sender.post(hospital.native, event), 422, "type_not_accepted")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/hl7-v2", None])
def test_media_type(hospital, sender, kind):
    answer = sender.post(hospital.native, hospital.event(), content_type=kind)
    checks.problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_forms(hospital, sender, kind):
    answer = sender.post(hospital.native, hospital.event(), content_type=kind)
    checks.problem(answer, 415)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, identity"])
def test_content_encoding(hospital, sender, coding):
    headers = {"Content-Encoding": coding}
    answer = sender.post(hospital.native, hospital.event(), headers=headers)
    checks.problem(answer, 415, "content_encoding_refused")


def test_parameters_of_the_media_type(hospital, sender):
    kind = f"{STRUCTURED}; charset=utf-8"
    checks.accepted(sender.post(hospital.native, hospital.event(), content_type=kind))


def test_too_large(hospital, sender):
    raw = json.dumps(hospital.event(note="x" * (1 << 20))).encode()
    checks.problem(sender.post(hospital.native, raw), 413, "too_large")


def test_too_large_in_chunks(hospital, sender):
    """A body whose end is not announced is not cut and then accepted."""
    event = hospital.event()
    raw = json.dumps(event).encode()
    raw += b" " * (2 << 20)
    headers = sender.signature_headers(raw) | {"Content-Type": STRUCTURED}
    pieces = (raw[start : start + 65536] for start in range(0, len(raw), 65536))
    path = f"/hc/v1/channels/{hospital.native}/messages"
    checks.problem(sender.raw("POST", path, pieces, headers), 413, "too_large")
    assert hospital.kept(event["id"]) == 0


def test_in_chunks(hospital, sender):
    raw = json.dumps(hospital.event()).encode()
    headers = sender.signature_headers(raw) | {"Content-Type": STRUCTURED}
    path = f"/hc/v1/channels/{hospital.native}/messages"
    checks.accepted(sender.raw("POST", path, iter([raw[:100], raw[100:]]), headers))


def test_channel_that_is_not(hospital, sender):
    answer = sender.post(checks.MARK, hospital.event())
    checks.problem(answer, 404, "not_found")


@pytest.mark.parametrize("path", ["/hc", "/hc/v2", "/hc/v1/channels", "/hc/v1/nothing/there"])
def test_address_that_is_not(hospital, sender, path):
    checks.problem(sender.request("POST", path, hospital.event()), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_method(hospital, sender, method):
    path = f"/hc/v1/channels/{hospital.native}/messages"
    answer = sender.request(method, path, hospital.event())
    checks.problem(answer, 405, "method_not_allowed")


def test_paused(hospital, sender):
    channel = hospital.channel("cloudevents")["id"]
    event = hospital.event()
    hospital.admin.call("hc.channel", "action_pause", [channel])
    try:
        checks.problem(sender.post(hospital.native, event), 503, "paused")
        checks.problem(sender.batch(hospital.native, [event]), 503, "paused")
    finally:
        hospital.admin.call("hc.channel", "action_resume", [channel])
    assert hospital.kept(event["id"]) == 0
    checks.accepted(sender.post(hospital.native, event))


def test_answers_are_quick(hospital, sender):
    """Nothing of a refusal is worth seconds of a worker."""
    began = time.monotonic()
    for raw in (NOT_JSON["40,000 objects"], b"~" * 1_000_000, b'"' * 1_000_000, b"1" * 1_000_000):
        sender.post(hospital.native, raw)
    assert time.monotonic() - began < 20
