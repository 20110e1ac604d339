# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import guard
from messaging.contract import Contract
from messaging.contract_words import DIALECT
from messaging.envelope import parse_structured
from messaging.errors import MessageError
from messaging.event import Event
from messaging.intake import prepare
from messaging.keyring import KeyRing, KeyState, Version

RING = KeyRing(bytes(range(32)))


@pytest.fixture(scope="module")
def consumed(contracts_folder):
    return Contract(json.loads((contracts_folder / "supply.consumed.v1.json").read_text()))


DATA = {
    "facility": "GENERAL",
    "location": "ICU-1",
    "consumed_at": "2026-11-22T09:00:00Z",
    "transaction": "TX-1",
    "lines": [{"line": 1, "item": {"value": "A-100"}, "quantity": Decimal("2.50")}],
    "patient": {"mrn": "MRN-4711", "name": "Jane Doe", "authority": "HOSP"},
    "performer": {"name": "Nurse Ann"},
    "order": "ORD-99",
    "note": "for Jane",
    "extra": 1,
}


def event(data=None, **change):
    made = Event(
        type="supply.consumed.v1",
        data={**DATA, **(data or {})},
        id="evt-1",
        source="urn:hc:cabinet:7B",
        key=("urn:hc:cabinet:7B", "evt-1"),
        time=datetime(2026, 11, 22, 9, tzinfo=UTC),
        subject="ICU-1",
    )
    return replace(made, **change)


def test_prepared(consumed):
    made = prepare(event(weak_key=True, reuse="keep"), consumed, RING, channel_key="1")
    assert made.payload == {
        "facility": "GENERAL",
        "location": "ICU-1",
        "consumed_at": "2026-11-22T09:00:00Z",
        "transaction": "TX-1",
        "lines": [{"line": 1, "item": {"system": "local", "value": "A-100"}, "quantity": "2.5"}],
        "patient": {"mrn": RING.pseudonym("patient", "MRN-4711", "HOSP")},
        "order": RING.pseudonym("order", "ORD-99"),
    }
    assert made.dropped == {"*": 2, "/patient/authority": 1, "/performer": 1, "/note": 1}
    assert made.business_key == "GENERAL|TX-1"
    assert made.ordering_key is None
    assert (made.message_identifier, made.subject) == ("evt-1", "ICU-1")
    assert (made.weak_key, made.reuse, made.ignored) == (True, "keep", None)
    assert len(made.payload_digest) == len(made.idempotency_key) == 64
    assert json.loads(json.dumps(made.payload)) == made.payload


def test_a_replaced_key_changes_pseudonyms_alone(consumed):
    state = KeyState("", {"patient": (Version(2), Version(1))}, frozenset({"patient"}))
    before = prepare(event(), consumed, RING, channel_key="1")
    after = prepare(event(), consumed, KeyRing(bytes(range(32)), state=state), channel_key="1")
    new, old = after.payload["patient"]["mrn"], before.payload["patient"]["mrn"]
    assert (new[:5], old[:5]) == ("hcp2_", "hcp1_")
    assert (after.former, before.former) == ({new: ["patient", old]}, None)
    same = ("payload_digest", "idempotency_key", "business_key", "message_identifier")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert json.loads(json.dumps(after.former)) == after.former


def test_input_stays_as_it_was(consumed):
    given_event = event()
    before = repr(given_event)
    prepare(given_event, consumed, RING, channel_key="1")
    assert repr(given_event) == before


def digests(consumed, **change):
    made = prepare(event(**change), consumed, RING, channel_key="1")
    return made.payload_digest, made.idempotency_key


def test_digest_is_of_the_named_content(consumed):
    first = digests(consumed)
    assert digests(consumed, data={"extra": 2}) == first
    assert digests(consumed, data={"consumed_at": "2026-11-22T10:00:00+01:00"}) == first
    assert digests(consumed, time=None, subject=None) == first
    for change in ({"note": "other"}, {"location": "ICU-2"}, {"patient": {"mrn": "MRN-1"}}):
        digest, key = digests(consumed, data=change)
        assert (digest != first[0], key == first[1]) == (True, True)
    other = prepare(event(), consumed, KeyRing(bytes(32)), channel_key="1")
    assert other.payload_digest != first[0]


def test_digest_outlives_a_change_of_policy(consumed):
    schema = json.loads(json.dumps(consumed.schema))
    schema["properties"]["order"] = {"type": "string", "x-hc-class": "personal"}
    made = prepare(event(), Contract(schema), RING, channel_key="1")
    assert "order" not in made.payload
    assert made.payload_digest == digests(consumed)[0]


def test_idempotency_key(consumed):
    first = digests(consumed)[1]
    assert digests(consumed, key=("urn:hc:cabinet:7B", "evt-2"))[1] != first
    assert digests(consumed, key=("urn:hc:cabinet:7Bevt-1",))[1] != first
    assert digests(consumed, type="supply.returned.v1")[1] != first
    assert prepare(event(), consumed, RING, channel_key="2").idempotency_key != first


def test_business_key(consumed):
    def key(relaxed=False, **data):
        full = {name: value for name, value in {**DATA, **data}.items() if value is not None}
        made = event(relaxed=relaxed)
        return prepare(replace(made, data=full), consumed, RING, channel_key="1").business_key

    assert key(transaction=None) == "GENERAL|evt-1"
    assert key(facility=None, relaxed=True) == "|TX-1"
    assert key(facility="A|B", transaction="C\\") == "A\\|B|C\\\\"
    assert key(facility="A", transaction="B|C") != key(facility="A|B", transaction="C")


def test_a_key_of_missing_parts_only_is_none(consumed):
    data = {"lines": [{}]}
    made = prepare(replace(event(relaxed=True), data=data), consumed, RING, channel_key="1")
    assert (made.business_key, made.ordering_key) == ("|evt-1", None)


def test_no_keys_without_words_for_them():
    bare = Contract(
        {
            "$schema": DIALECT,
            "x-hc-type": "test.made.v1",
            "type": "object",
            "properties": {"a": {"type": "string", "x-hc-class": "operational"}},
        }
    )
    made = prepare(event(), bare, RING, channel_key="1")
    assert (made.business_key, made.ordering_key, made.payload) == (None, None, {})


# -- values that name a person


@pytest.mark.parametrize(
    "text", ["MRN-4711", "mrn-4711", " MRN-4711 ", "patient/MRN-4711", "MRN-4711:1", "x.Jane Doe"]
)
def test_attributes_that_name_a_person(consumed, text):
    made = prepare(
        event(id=text, subject=text, correlation_id=text, causation_id=text, source="MRN-4711"),
        consumed,
        RING,
        channel_key="1",
    )
    surrogate = RING.surrogate(text)
    assert made.message_identifier == made.subject == surrogate
    assert made.correlation_identifier == made.causation_identifier == surrogate
    assert made.source == RING.surrogate("MRN-4711")


def test_attributes_that_only_look_alike(consumed):
    made = prepare(
        event(id="MRN-47110", subject="XMRN-4711", correlation_id="Jane"),
        consumed,
        RING,
        channel_key="1",
    )
    assert (made.message_identifier, made.subject) == ("MRN-47110", "XMRN-4711")
    assert made.correlation_identifier == "Jane"


def test_kept_values_that_name_a_person(consumed):
    lines = [
        {
            "line": "MRN-4711",
            "item": {"system": "local", "value": "mrn-4711"},
            "quantity": "100",
            "lot": "ORD-99",
            "serial": "Jane Doe",
            "expiry": "2026-12-31",
        }
    ]
    data = {
        "lines": lines,
        "transaction": "MRN-4711",
        "cost_center": "Nurse Ann",
        "patient": {"mrn": "MRN-4711", "name": "Jane Doe", "born": "2026-12-31", "age": 100},
    }
    made = prepare(event(data), consumed, RING, channel_key="1")
    line = made.payload["lines"][0]
    assert line == {
        "line": RING.surrogate("MRN-4711"),
        "item": {"system": "local", "value": RING.surrogate("mrn-4711")},
        "quantity": "100",
        "lot": RING.surrogate("ORD-99"),
        "serial": RING.surrogate("Jane Doe"),
        "expiry": "2026-12-31",
    }
    assert made.payload["cost_center"] == RING.surrogate("Nurse Ann")
    assert made.business_key == "GENERAL|" + RING.surrogate("MRN-4711")


def test_the_source_document_tells_more_personal_values(consumed):
    made = prepare(
        event(personal=frozenset({"ICU-1", "7B", "evt"}), id="evt-1"),
        consumed,
        RING,
        channel_key="1",
    )
    assert made.payload["location"] == made.subject == RING.surrogate("ICU-1")
    assert made.message_identifier == "evt-1"  # too short to be looked for within
    assert made.source == "urn:hc:cabinet:7B"


def test_short_values_are_left(consumed):
    data = {"patient": {"mrn": "7B"}, "order": "1", "location": "7B"}
    assert prepare(event(data), consumed, RING, channel_key="1").payload["location"] == "7B"


MARK = "Zebra77"
secrets = st.sampled_from([MARK, f" {MARK}", {"x": MARK}, [MARK, {"y": [MARK]}]])


@given(
    st.dictionaries(st.sampled_from(["performer", "note", "unnamed", "Zebra77"]), secrets),
    st.dictionaries(st.sampled_from(["name", "born", "address"]), secrets),
)
def test_dropped_values_are_nowhere(data, patient):
    made_contract = _CONTRACTS[0]
    # The record number is the mark, so every equal value is known to be personal.
    full = {**data, "patient": {**patient, "mrn": MARK}, "location": MARK, "order": MARK}
    made = prepare(
        event(full, id=MARK, subject=MARK, key=(MARK,)), made_contract, RING, channel_key="1"
    )
    assert MARK.lower() not in repr(made).lower()


_CONTRACTS: list[Contract] = []


@pytest.fixture(scope="module", autouse=True)
def _share(consumed):
    _CONTRACTS.append(consumed)


def test_errors_hold_no_value(consumed):
    data = {
        "lines": [{MARK: 1, "item": MARK, "quantity": MARK}],
        "consumed_at": MARK,
        "order": [MARK],
    }
    with pytest.raises(MessageError) as caught:
        prepare(event(data), consumed, RING, channel_key="1")
    assert MARK not in repr(caught.value.errors) + str(caught.value) + repr(caught.value)
    assert {error.pointer for error in caught.value.errors} == {
        *("/lines/0/line", "/lines/0/item", "/lines/0/quantity", "/consumed_at", "/order")
    }


# -- speed: generous limits, as the machines of others are slow


def batch():
    data = {**DATA, "lines": [{"line": 1, "item": {"value": "A-100"}, "quantity": "2"}]}
    envelope = {"specversion": "1.0", "source": "urn:x", "type": "supply.consumed.v1"}
    items = [{**envelope, "id": f"evt-{n}", "data": data} for n in range(500)]
    return json.dumps(items).encode()


def test_speed(consumed):
    raw = batch()

    def accept():
        return [
            prepare(
                parse_structured(guard.parse_json(item), fallback_id=None),
                consumed,
                RING,
                channel_key="1",
            )
            for item in guard.split_array(raw)
        ]

    best = min(_seconds(accept) for _ in range(3))
    assert best / 500 < 1e-3
    one = event()
    best = min(
        _seconds(lambda: [prepare(one, consumed, RING, channel_key="1") for _ in range(100)])
        for _ in range(5)
    )
    assert best / 100 < 500e-6


def _seconds(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
