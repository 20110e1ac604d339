# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The audit trail as CSV, NDJSON and FHIR R4."""

import csv
import io
import json
import tracemalloc

import fhir_schema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messaging.audit_actions import ACTIONS, FAILED, WAITING, register, verb_of
from messaging.audit_export import COLUMNS, FORMATS, pieces

DATABASE = "0c7ab1a2-5a5f-4f2c-9d7e-6f8a2f3b1c4d"
EVENT = {
    "id": 7,
    "recorded_at": "2026-11-24T09:00:00.123456Z",
    "action": "config.changed",
    "outcome": "done",
    "user_id": 5,
    "user": "Anna Fischer",
    "system_id": 3,
    "system": "Cabinets",
    "company_id": 1,
    "company": "North Hospital",
    "object": "hc.channel,12",
    "contract": "supply.consumed.v1",
    "reason": "The night shift asked for it",
    "before": "a" * 64,
    "after": "b" * 64,
    "details": {"fields": ["max_age_days"], "values": {"max_age_days": [30, 60]}},
}
texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=30)
maybe = st.none() | texts
events = st.builds(
    lambda **values: {"recorded_at": EVENT["recorded_at"], **values},
    id=st.integers(1, 2**40),
    action=st.sampled_from(sorted(ACTIONS)) | st.just("another.thing"),
    outcome=st.none() | st.sampled_from([*FAILED, *WAITING, "done", "valid"]),
    user_id=st.none() | st.integers(1, 99),
    user=maybe,
    system_id=st.none() | st.integers(1, 99),
    system=maybe,
    company=maybe,
    object=maybe,
    code=maybe,
    correlation=maybe,
    contract=maybe,
    reason=maybe,
    digest=maybe,
    before=maybe,
    after=maybe,
    details=st.none() | st.dictionaries(texts.filter(bool), texts | st.integers(), max_size=3),
)


def export(form, *given_events):
    return b"".join(pieces(form, given_events, DATABASE)).decode("utf-8-sig")


def resource(**changes):
    return json.loads(export("fhir_ndjson", {**EVENT, **changes}))


def check(kind, document):
    errors = list(fhir_schema.validator(kind).iter_errors(document))
    assert not errors, f"{errors[0]}"


# ------------------------------------------------------------------------------ CSV, NDJSON


def test_csv_has_a_row_for_each_event():
    header, first, second = csv.reader(io.StringIO(export("csv", EVENT, {**EVENT, "id": 8})))
    assert tuple(header) == COLUMNS
    assert dict(zip(header, first, strict=True))["user"] == "Anna Fischer"
    assert second[0] == "8"
    assert json.loads(first[-1]) == EVENT["details"]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_no_cell_is_a_formula(evil):
    _header, row = csv.reader(io.StringIO(export("csv", {**EVENT, "reason": evil}), newline=""))
    assert row[COLUMNS.index("reason")] == f"'{evil}"


def test_ndjson_is_the_event():
    [line] = export("ndjson", EVENT).splitlines()
    assert json.loads(line) == {name: EVENT.get(name) for name in COLUMNS}


@given(st.lists(events, max_size=5))
def test_ndjson_has_a_line_for_each(found):
    lines = export("ndjson", *found).split("\n")[:-1]
    assert [json.loads(line)["id"] for line in lines] == [one["id"] for one in found]


# ------------------------------------------------------------------------------------- FHIR


def test_schema_refuses_what_is_no_audit_event():
    """The schema is the real one: it finds what is missing, and what is too much."""
    whole = resource()
    for wrong in (
        {name: value for name, value in whole.items() if name != "agent"},
        {**whole, "outcome": "fine"},
        {**whole, "action": "X"},
        {**whole, "unheard": "of"},
    ):
        assert not fhir_schema.validator("AuditEvent").is_valid(wrong)


@given(events)
def test_every_event_is_a_valid_audit_event(event):
    check("AuditEvent", json.loads(export("fhir_ndjson", event)))


@settings(max_examples=5)
@given(st.lists(events, max_size=2, unique_by=lambda one: one["id"]))
def test_a_bundle_is_valid(found):
    bundle = json.loads(export("fhir_bundle", *found))
    check("Bundle", bundle)
    assert len(bundle.get("entry", [])) == len(found)
    assert len({entry["fullUrl"] for entry in bundle.get("entry", [])}) == len(found)


def test_who_what_why_and_before_and_after():
    made = resource()
    [agent] = made["agent"]
    assert (agent["requestor"], agent["who"]["display"]) == (True, "Anna Fischer")
    assert made["purposeOfEvent"] == [{"text": EVENT["reason"]}]
    assert made["entity"][0]["what"]["identifier"]["value"] == "hc.channel,12"
    details = {one["type"]: one["valueString"] for one in made["entity"][0]["detail"]}
    assert (details["before"], details["after"]) == ("a" * 64, "b" * 64)
    assert details["contract"] == "supply.consumed.v1"
    assert (made["action"], made["subtype"][0]["code"]) == ("U", "config.changed")


def test_a_system_asks_itself():
    made = resource(action="message.received", outcome="received")
    assert [agent["requestor"] for agent in made["agent"]] == [False, True]
    assert made["agent"][1]["who"]["display"] == "Cabinets"
    assert made["type"]["code"] == "receive"


def test_nobody_known():
    made = resource(action="request.refused", outcome="refused", user_id=None, system_id=None)
    assert made["agent"] == [{"who": {"display": "not known"}, "requestor": True}]
    assert made["type"]["code"] == "110113"


@pytest.mark.parametrize(
    ("outcome", "code"),
    [("done", "0"), (None, "0"), ("review", "4"), ("unknown", "4"), ("dead", "8")],
)
def test_outcome(outcome, code):
    assert resource(outcome=outcome)["outcome"] == code


# ------------------------------------------------------------------------------------- size


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_memory_does_not_grow_with_the_trail(form):
    def peak(number):
        tracemalloc.start()
        size = sum(
            len(one) for one in pieces(form, ({**EVENT, "id": n} for n in range(number)), DATABASE)
        )
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size, most

    small, large = peak(100), peak(2000)
    assert large[0] > small[0] * 15
    assert large[1] < small[1] * 3


# ---------------------------------------------------------------------------------- actions


def test_actions_are_well_formed():
    for code, action in ACTIONS.items():
        assert code == code.lower() and "." in code, code
        assert action.label[0].isupper() and not action.label.endswith("."), code
        assert verb_of(code) in "CRUDE"
    assert verb_of("never.heard") == "E"


def test_an_action_is_registered_once():
    with pytest.raises(ValueError, match="known already"):
        register(message__received=ACTIONS["message.received"])
