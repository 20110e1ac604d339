# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Rules of fields: how strict they are, what they leave, and which of them can hold."""

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from messaging import guard
from messaging.contract import Contract
from messaging.contract_words import DIALECT, ContractError
from messaging.event import Event
from messaging.field_policy import RULES, no_looser, stricter
from messaging.intake import prepare
from messaging.keyring import KeyRing
from messaging.phone import Phones
from messaging.policy_fields import choices, policy_fields, problems
from messaging.preview import as_text, preview
from messaging.reductions import MASK, last4, reduced, year

ADDONS = Path(__file__).resolve().parents[2] / "addons"
RING = KeyRing(bytes(range(32)))
AUSTRIA = Phones("AT", {"BERN": "CH"})
OPERATIONAL = {"type": "string", "x-hc-class": "operational"}
PERSONAL = {"type": "string", "x-hc-class": "personal"}
KEPT = {**PERSONAL, "x-hc-keep": "keep", "x-hc-reason": "For the test."}
PSEUDONYM = {**PERSONAL, "x-hc-keep": "pseudonymize", "x-hc-domain": "test"}
PHONE = {**KEPT, "x-hc-format": "phone"}
TEXTS = st.text(max_size=40)
DATES = st.dates().map(str)


def contract(properties, required=(), **root):
    return Contract(
        {
            "$schema": DIALECT,
            "x-hc-type": "test.made.v1",
            "type": "object",
            "properties": properties,
            "required": list(required),
            **root,
        }
    )


def kept(made, data):
    return made.minimize(made.check(data), data, RING)


def left(rule, text):
    """What a rule leaves of the only value of a message."""
    made = contract({"value": KEPT}).under({"/value": rule})
    return kept(made, {"value": text}).data.get("value")


# -- the order of strictness


@given(st.sampled_from(RULES), st.sampled_from(RULES), st.sampled_from(RULES))
def test_rules_are_in_a_partial_order(one, two, three):
    assert no_looser(one, one)
    if no_looser(one, two) and no_looser(two, one):
        assert one == two
    if no_looser(one, two) and no_looser(two, three):
        assert no_looser(one, three)


@given(st.sampled_from(RULES), st.sampled_from(RULES))
def test_of_two_rules_the_strictest_that_both_allow(one, two):
    both = stricter(one, two)
    assert both == stricter(two, one)
    assert no_looser(both, one) and no_looser(both, two)
    allowed = [rule for rule in RULES if no_looser(rule, one) and no_looser(rule, two)]
    assert all(no_looser(rule, both) for rule in allowed)


@pytest.mark.parametrize("one", ["last4", "year", "pseudonymize"])
@pytest.mark.parametrize("other", ["last4", "year", "pseudonymize"])
def test_what_tells_different_things_is_not_compared(one, other):
    assert no_looser(one, other) is (one == other)


@given(st.sampled_from(RULES), st.sampled_from(RULES), TEXTS | DATES, TEXTS | DATES)
def test_what_a_stricter_rule_leaves_follows_from_what_the_other_leaves(own, other, one, two):
    """Two values that the looser rule does not tell apart are not told apart by the stricter."""
    assume(no_looser(own, other) and left(other, one) == left(other, two))
    assert left(own, one) == left(own, two)


# -- what a rule leaves


@given(TEXTS)
def test_mask_is_the_same_for_every_value(text):
    assert left("mask", text) == reduced("mask", text) == MASK
    assert reduced("unheard of", text) == MASK


@given(TEXTS)
def test_last4_is_at_most_half_of_letters_and_digits(text):
    signs = "".join(sign for sign in text if sign.isalnum())
    found = last4(text)
    assert found == (signs[-4:] if len(signs) >= 8 else MASK)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4111 1111 1111 1234", "1234"),
        ("1234567", MASK),
        ("12-34-56-7", MASK),
        ("A1B2C3D4", "C3D4"),
        ("1234567    ", MASK),
        ("", MASK),
    ],
)
def test_last4(text, found):
    assert last4(text) == found


@given(TEXTS)
def test_year_of_a_text_is_nothing_but_a_year(text):
    found = year(text)
    assert found == MASK or (len(found) == 4 and found.isascii() and found.isdigit())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1951-02-03", "1951"),
        ("1951-02-03T10:00:00Z", "1951"),
        ("Anna Smith", MASK),
        ("1951", MASK),
        ("1951-13-40", MASK),
        ("4711 Main Street", MASK),
    ],
)
def test_year(text, found):
    assert year(text) == found


@given(st.text(min_size=1, max_size=40))
def test_a_pseudonym_tells_nothing_but_equality(text):
    assume(len(text) > 5)
    found = left("pseudonymize", text)
    assert found.startswith("hcp1_") and text not in found
    assert found == left("pseudonymize", text) != left("pseudonymize", text + "x")


def test_own_pseudonyms_cannot_be_joined_with_others():
    made = contract({"a": KEPT, "b": KEPT, "c": PSEUDONYM})
    made = made.under({"/a": "pseudonymize", "/b": "pseudonymize"})
    found = kept(made, {"a": "MRN-1", "b": "MRN-1", "c": "MRN-1"}).data
    assert len(set(found.values())) == 3


# -- the contract under a policy

VALUES = {
    "kept": KEPT,
    "operational": OPERATIONAL,
    "pseudonym": PSEUDONYM,
    "masked": {**PERSONAL, "x-hc-keep": "mask"},
    "last": {**PERSONAL, "x-hc-keep": "last4"},
    "born": {**PERSONAL, "x-hc-keep": "year", "x-hc-time": True},
    "dropped": PERSONAL,
    "free": {"x-hc-class": "clinical"},
    "conditional": {**KEPT, "x-hc-keep-if": {"operational": ["yes"]}},
    "either": {
        "anyOf": [
            {**OPERATIONAL, "enum": ["patient"]},
            {"type": "object", "properties": {"code": KEPT}},
        ]
    },
    "lines": {
        "type": "array",
        "items": {"type": "object", "properties": {"lot": OPERATIONAL, "serial": KEPT}},
    },
    "names": {"type": "array", "items": KEPT},
}
MANY = contract(VALUES, **{"x-hc-business-key": ["operational"]})
POINTERS = list(policy_fields(MANY))
SECRET = "4711-Ophelia-0815-Montague"
DATA = {
    "kept": SECRET,
    "operational": "yes",
    "pseudonym": SECRET,
    "masked": SECRET,
    "last": SECRET,
    "born": "1951-02-03",
    "dropped": SECRET,
    "free": {"deep": [SECRET]},
    "conditional": SECRET,
    "either": {"code": SECRET},
    "lines": [{"lot": "L-1", "serial": SECRET}, {"serial": SECRET}],
    "names": [SECRET, "Canary"],
    "unheard": SECRET,
}
POLICIES = st.dictionaries(st.sampled_from(POINTERS), st.sampled_from(RULES))


def leaves(value, pointer=""):
    """Pointer without indexes -> its values."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{pointer}/{name}")
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, pointer)
    else:
        yield pointer, value


@given(POLICIES)
def test_a_policy_never_reveals_more_than_the_contract(rules):
    """By what each value has become, under the stricter of both rules."""
    plain, own = kept(MANY, DATA), kept(MANY.under(rules), DATA)
    before = dict(leaves(plain.data))
    fields = policy_fields(MANY)
    for pointer, value in leaves(own.data):
        rule = stricter(fields[pointer].rule, rules.get(pointer, "keep"))
        if pointer in MANY.keys:
            rule = "keep"
        assert rule != "drop"
        assert pointer in before
        if rule == "mask":
            assert value == MASK
        elif rule != "keep":
            assert SECRET not in value


@given(POLICIES)
def test_a_policy_changes_no_digest_and_no_key(rules):
    event = Event("test.made.v1", DATA, "e-1", "urn:s", ("urn:s", "e-1"))
    plain = prepare(event, MANY, RING, channel_key="1")
    own = prepare(event, MANY.under(rules, 7), RING, channel_key="1")
    assert own.payload_digest == plain.payload_digest
    assert own.idempotency_key == plain.idempotency_key
    assert own.business_key == plain.business_key == "yes"
    assert (plain.policy_version, own.policy_version) == (0, 7)


@given(POLICIES)
def test_what_is_dropped_is_counted_where_it_is_dropped(rules):
    own = kept(MANY.under(rules), DATA)
    there = {pointer for pointer, _value in leaves(own.data)}
    for pointer in set(POINTERS) - {"/either"}:  # the other alternative came
        assert (pointer in there) != (pointer in own.dropped)
    assert own.dropped["*"] == 1


def test_without_rules_the_fields_are_the_very_same():
    assert MANY.under({}).fields is MANY.fields
    assert MANY.under({"/operational": "drop"}).fields is MANY.fields
    assert MANY.under({"/kept": "drop"}).fields is not MANY.fields


def test_a_dropped_value_is_looked_for_elsewhere():
    made = contract({"phone": KEPT, "code": OPERATIONAL}).under({"/phone": "drop"})
    event = Event(
        "test.made.v1", {"phone": "OPHELIA", "code": "OPHELIA"}, "of OPHELIA", "s", ("s", "1")
    )
    found = prepare(event, made, RING, channel_key="1")
    assert "OPHELIA" not in json.dumps([found.payload, found.message_identifier])


# -- telephone numbers


@pytest.mark.parametrize(
    ("text", "facility", "number"),
    [
        ("+43 1 5550100", None, "+4315550100"),
        ("01 / 555 01 00", None, "+4315550100"),
        ("0043 1 5550100", "BERN", "+4315550100"),
        ("031 322 11 11", "BERN", "+41313221111"),
        ("031 322 11 11", "unheard of", "+43313221111"),
        ("01 5550100 ext. 4", None, "+4315550100"),
        ("call Ophelia", None, None),
        ("0" * 251, None, None),
        ("1", None, None),
        ("", None, None),
    ],
)
def test_phones(text, facility, number):
    assert AUSTRIA.e164(text, facility) == number


def test_without_a_country_only_whole_numbers_are_understood():
    assert Phones().e164("01 5550100") is None
    assert Phones().e164("+43 1 5550100") == "+4315550100"


@given(TEXTS | st.from_regex(r"[+0-9 ()/.-]{1,30}", fullmatch=True))
def test_a_kept_phone_is_a_number_and_nothing_else(text):
    made = contract({"phone": PHONE}).under({}, phones=AUSTRIA)
    found = kept(made, {"phone": text})
    value = found.data.get("phone")
    if value is None:
        assert found.dropped == {"/phone": 1}
    else:
        assert value[0] == "+" and value[1:].isascii() and value[1:].isdigit()
        assert AUSTRIA.e164(value) == value


def test_one_number_has_one_pseudonym_however_it_is_written():
    made = contract({"phone": {**PSEUDONYM, "x-hc-format": "phone"}}).under({}, phones=AUSTRIA)
    ways = ("+43 1 5550100", "01/5550100", "0043-1-5550100")
    assert len({kept(made, {"phone": way}).data["phone"] for way in ways}) == 1
    assert kept(made, {"phone": "Ophelia"}).data["phone"].startswith("hcp1_")


def test_the_facility_says_where_a_number_is_dialled_from():
    made = contract({"facility": OPERATIONAL, "phone": PHONE}).under({}, phones=AUSTRIA)
    found = kept(made, {"facility": "BERN", "phone": "031 322 11 11"})
    assert found.data["phone"] == "+41313221111"


def test_a_number_that_cannot_be_dialled_names_a_person_elsewhere():
    made = contract({"phone": PHONE, "code": OPERATIONAL}).under({}, phones=AUSTRIA)
    event = Event("test.made.v1", {"phone": "Ophelia", "code": "Ophelia"}, "1", "s", ("s", "1"))
    found = prepare(event, made, RING, channel_key="1")
    assert "Ophelia" not in json.dumps(found.payload)
    assert found.dropped == {"/phone": 1}


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ({**PERSONAL, "x-hc-format": "fax"}, "unknown x-hc-format"),
        ({**PERSONAL, "x-hc-format": True}, "unknown x-hc-format"),
        ({"type": "integer", "x-hc-class": "personal", "x-hc-format": "phone"}, "a text"),
        ({**PERSONAL, "x-hc-keep": "year"}, "has a year"),
    ],
)
def test_contracts_that_are_refused(field, sentence):
    with pytest.raises(ContractError, match=sentence):
        contract({"a": field})


def test_phones_are_found_wherever_they_are():
    deep = {"type": "array", "items": {"anyOf": [{"type": "object", "properties": {"p": PHONE}}]}}
    assert contract({"list": deep}).has_phones
    assert not MANY.has_phones


# -- which rules can hold


def fields_of(properties, required=(), **root):
    return policy_fields(contract(properties, required, **root))


def reason(fields, rules, tolerated=None):
    found = problems(fields, rules, tolerated)
    return [(problem.pointer, problem.reason) for problem in found]


def test_the_table_names_every_value_once():
    fields = policy_fields(MANY)
    assert [
        *("/kept", "/operational", "/pseudonym", "/masked", "/last", "/born", "/dropped", "/free"),
        *("/conditional", "/either", "/either/code", "/lines/lot", "/lines/serial", "/names"),
    ] == POINTERS
    assert fields["/free"].kind == "any" and fields["/free"].rule == "drop"
    assert fields["/either"].kind == "plain"
    assert fields["/born"].kind == "time"
    assert fields["/lines/lot"].field_class == "operational"


def test_rules_that_fit():
    fields = policy_fields(MANY)
    assert choices(fields["/kept"]) == ["keep", "last4", "pseudonymize", "mask", "drop"]
    assert choices(fields["/operational"]) == ["keep"]
    assert choices(fields["/lines/lot"]) == ["keep", "drop"]
    assert choices(fields["/pseudonym"]) == ["pseudonymize", "mask", "drop"]
    assert choices(fields["/last"]) == ["last4", "mask", "drop"]
    assert choices(fields["/born"]) == ["year", "mask", "drop"]
    assert choices(fields["/masked"]) == ["mask", "drop"]
    assert choices(fields["/free"]) == choices(fields["/dropped"]) == ["drop"]


def test_rules_that_cannot_hold():
    fields = policy_fields(MANY)
    assert reason(fields, {"/nothing": "drop"}) == [("/nothing", "unknown")]
    assert reason(fields, {"/dropped": "mask"}) == [("/dropped", "looser")]
    assert reason(fields, {"/pseudonym": "last4"}) == [("/pseudonym", "looser")]
    assert reason(fields, {"/operational": "drop"}) == [("/operational", "key")]
    assert reason(fields, {"/lines/lot": "mask"}) == [("/lines/lot", "kind")]


def test_a_handler_says_what_it_can_do_without():
    fields = policy_fields(MANY)
    tolerated = {"/lines/serial": ("drop",), "/kept": (), "/lines/lot": ("drop", "mask")}
    assert reason(fields, {"/lines/serial": "mask"}, tolerated) == [("/lines/serial", "handler")]
    assert reason(fields, {"/kept": "drop"}, tolerated) == [("/kept", "handler")]
    assert reason(fields, {"/lines/serial": "drop", "/kept": "keep"}, tolerated) == []
    assert choices(fields["/lines/lot"], tolerated) == ["keep", "drop"]
    assert reason(fields, {"/lines/lot": "drop"}, {}) == [("/lines/lot", "handler")]
    assert reason(fields, {"/pseudonym": "mask"}, {}) == []


def test_what_has_a_default_would_mean_something_else_without_it():
    fields = fields_of({"system": {**OPERATIONAL, "default": "local"}})
    assert reason(fields, {"/system": "drop"}) == [("/system", "default")]


def test_what_the_contract_requires_stays():
    line = {"type": "object", "required": ["item"], "properties": {"item": KEPT, "lot": KEPT}}
    fields = fields_of({"lines": {"type": "array", "items": line}}, ["lines"])
    assert fields["/lines/item"].is_required
    assert reason(fields, {"/lines/item": "mask"}) == [("/lines/item", "required")]
    assert reason(fields, {"/lines/lot": "drop"}) == []


def test_an_object_that_may_be_missing_goes_whole_or_keeps_what_it_requires():
    payer = {"type": "object", "required": ["code"], "properties": {"code": KEPT, "name": KEPT}}
    fields = fields_of({"payer": payer})
    assert reason(fields, {"/payer/code": "drop"}) == [("/payer/code", "part")]
    assert reason(fields, {"/payer/code": "drop", "/payer/name": "drop"}) == []
    assert reason(fields, {"/payer/name": "drop", "/payer/code": "mask"}) == []


@given(POLICIES)
def test_what_is_allowed_is_never_looser(rules):
    fields = policy_fields(MANY)
    refused = {problem.pointer for problem in problems(fields, rules)}
    for pointer, rule in rules.items():
        if pointer not in refused:
            assert no_looser(rule, fields[pointer].rule)


@pytest.mark.parametrize(
    "path", sorted(ADDONS.glob("*/contracts/*.json")), ids=lambda one: one.stem
)
def test_the_table_agrees_with_the_contract(path):
    """Every value that the contract can keep or drop of its examples is a row of the table."""
    made = Contract(json.loads(path.read_text("utf-8")))
    fields = policy_fields(made)
    assert all(field.label and field.rule in choices(field) for field in fields.values())
    for example in guard.parse_json(json.dumps(made.schema.get("examples", [])).encode()):
        found = made.minimize(made.check(example), example, RING)
        assert {pointer for pointer, _value in leaves(found.data)} <= fields.keys()
        assert found.dropped.keys() <= fields.keys()


# -- the preview


def shown(made, data, **attributes):
    event = Event("test.made.v1", data, "e-1", "urn:s", ("urn:s", "e-1"), **attributes)
    return preview(event, made, RING, None)


@given(POLICIES)
def test_the_preview_tells_what_the_ledger_would_have(rules):
    found = shown(MANY.under(rules), DATA)
    told = [(one.field, one.kept) for one in found.values if one.kept is not None]
    assert sorted(told) == sorted(
        (pointer, as_text(value)) for pointer, value in leaves(found.prepared.payload)
    )
    lost = {}
    for one in found.values:
        if one.kept is None:
            lost[one.field] = lost.get(one.field, 0) + 1
    assert lost == found.prepared.dropped


def test_the_preview_says_why():
    number = {"type": ["string", "number"], "x-hc-class": "operational", "x-hc-decimal": {}}
    made = contract(
        {
            "code": {**OPERATIONAL, "default": "local"},
            "amount": number,
            "phone": PHONE,
            "mobile": PHONE,
            "born": {**PERSONAL, "x-hc-keep": "year", "x-hc-time": True},
            "when": {**KEPT, "x-hc-keep-if": {"code": ["x"]}},
            "text": OPERATIONAL,
            "name": PERSONAL,
            "tags": {"type": "array", "items": PSEUDONYM},
        }
    ).under({}, phones=AUSTRIA)
    found = shown(
        made,
        {
            "amount": "2.50",
            "phone": "01 5550100",
            "mobile": "Ophelia",
            "born": "1951-02-03",
            "when": "now",
            "text": "Laertes",
            "name": "Laertes",
            "tags": ["a"],
            "more": {"deep": 1},
        },
        subject="Laertes",
    )
    assert {one.path: (one.kept, one.rule) for one in found.values if one.path != "/tags/0"} == {
        "/code": ("local", "default"),
        "/amount": ("2.5", "form"),
        "/phone": ("+4315550100", "form"),
        "/mobile": (None, "no_phone"),
        "/born": ("1951", "year"),
        "/when": (None, "condition"),
        "/text": (found.prepared.payload["text"], "surrogate"),
        "/name": (None, "drop"),
        "/more": (None, "unnamed"),
    }
    assert found.values[-2].rule == "pseudonymize"
    assert {one.path: one.rule for one in found.attributes} == {
        "id": "keep",
        "source": "keep",
        "subject": "surrogate",
    }
