"""Many events in one request: an answer for each, and none spoils another."""

import json

import pytest
from simulate.client import BATCH, NDJSON
from support import checks

LIMIT = 10_000


def items(answer, count):
    checks.clean(answer)
    assert answer.status_code == 207, (answer.status_code, answer.text)
    found = answer.json()["items"]
    assert [one["index"] for one in found] == list(range(count))
    for one in found:
        assert ("message_id" in one) is (one["status"] < 300)
        assert ("error" in one) is (one["status"] >= 300)
    return found


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("bearer", [False, True])
def test_all_kept(hospital, sender, lines, bearer):
    events = [hospital.event() for _ in range(20)]
    found = items(sender.batch(hospital.native, events, lines=lines, bearer=bearer), 20)
    assert {one["status"] for one in found} == {202}
    assert len({one["message_id"] for one in found}) == 20
    again = items(sender.batch(hospital.native, events, lines=lines), 20)
    assert {one["status"] for one in again} == {200}
    assert [one["message_id"] for one in again] == [one["message_id"] for one in found]
    for one in found:
        assert hospital.settled(one["message_id"])["state"] == "done"


BAD = {
    "negative": 422,
    "no data": 422,
    "other type": 422,
    "not an object": 422,
    "not JSON": 400,
    "NUL": 400,
    "twice a member": 400,
    "nested too deep": 400,
    "half a surrogate": 400,
    "not UTF-8": 400,
}


def bad_items(hospital):
    negative = hospital.event()
    negative["data"]["lines"][0]["quantity"] = -1
    return {
        "negative": json.dumps(negative).encode(),
        "no data": b'{"specversion": "1.0", "id": "' + checks.MARK.encode() + b'"}',
        "other type": json.dumps(hospital.event() | {"type": checks.MARK}).encode(),
        "not an object": b"17",
        "not JSON": b"{'a': 1}",
        "NUL": b'{"id": "\\u0000"}',
        "twice a member": b'{"id": "a", "id": "a"}',
        "nested too deep": b'{"a":' * 70 + b"1" + b"}" * 70,
        "half a surrogate": b'{"id": "\\ud812"}',
        "not UTF-8": b'{"id": "\xe4"}',
    }


@pytest.mark.parametrize("lines", [False, True])
def test_one_bad_item_spoils_no_other(hospital, sender, lines):
    bad = bad_items(hospital)
    parts, statuses = [], []
    for name, raw in bad.items():
        parts += [json.dumps(hospital.event()).encode(), raw]
        statuses += [202, BAD[name]]
    body = b"\n".join(parts) if lines else b"[" + b",".join(parts) + b"]"
    path = f"/hc/v1/channels/{hospital.native}/messages/batch"
    kind = NDJSON if lines else BATCH
    found = items(sender.request("POST", path, body, content_type=kind), len(parts))
    assert [one["status"] for one in found] == statuses
    for one in found[1::2]:
        assert one["error"]["code"] and one["error"]["title"]


def test_same_event_twice_in_a_batch(hospital, sender):
    event = hospital.event()
    other = json.loads(json.dumps(event))
    other["data"]["lines"][0]["quantity"] = "9"
    found = items(sender.batch(hospital.native, [event, event, other]), 3)
    assert [one["status"] for one in found] == [202, 200, 422]
    assert found[0]["message_id"] == found[1]["message_id"]
    assert found[2]["error"]["code"] == "id_reused"
    assert hospital.kept(event["id"]) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (BATCH, b""),
        (BATCH, b"[]"),
        (BATCH, b"{}"),
        (BATCH, b"[{]"),
        (BATCH, b"[1] [2]"),
        (BATCH, b"[" * 40_000),
        (NDJSON, b""),
        (NDJSON, b"\n\n"),
    ],
)
def test_no_batch(hospital, sender, kind, body):
    path = f"/hc/v1/channels/{hospital.native}/messages/batch"
    answer = sender.request("POST", path, body, content_type=kind)
    if answer.status_code == 207:
        assert {one["status"] for one in items(answer, len(answer.json()["items"]))} == {400}
    else:
        checks.problem(answer, 400)


def test_too_many(hospital, sender):
    before = hospital.total()
    answer = sender.batch(hospital.native, [b"1"] * (LIMIT + 1), lines=True)
    checks.problem(answer, 413, "too_large")
    assert hospital.total() == before


def test_as_many_as_allowed(hospital, sender):
    found = items(sender.batch(hospital.native, [b"1"] * LIMIT, lines=True), LIMIT)
    assert {one["status"] for one in found} == {422}


def test_larger_than_one_event_may_be(hospital, sender):
    event = hospital.event(note="x" * 900_000)
    copies = [event | {"id": hospital.new_id()} for _ in range(4)]
    for number, copy in enumerate(copies):
        copy["data"] = event["data"] | {"transaction": f"{copy['id']}-{number}"}
    assert {one["status"] for one in items(sender.batch(hospital.native, copies), 4)} == {202}


def test_too_large(hospital, sender):
    body = b"[" + b" " * (16 << 20) + b"]"
    path = f"/hc/v1/channels/{hospital.native}/messages/batch"
    answer = sender.request("POST", path, body, content_type=BATCH)
    checks.problem(answer, 413, "too_large")


@pytest.mark.parametrize("kind", ["application/json", "application/cloudevents+json", None])
def test_media_type(hospital, sender, kind):
    path = f"/hc/v1/channels/{hospital.native}/messages/batch"
    body = json.dumps([hospital.event()])
    checks.problem(sender.request("POST", path, body, content_type=kind), 415)


def test_unproven(hospital, sender):
    event = hospital.event()
    answer = sender.batch(hospital.native, [event], secret="whsec_" + "C" * 43 + "=")
    checks.problem(answer, 401, "signature_invalid")
    assert hospital.kept(event["id"]) == 0
