# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.contract import Contract
from messaging.contract_words import DIALECT, ContractError
from messaging.errors import MessageError
from messaging.keyring import KeyRing

RING = KeyRing(bytes(range(32)))
OP = {"x-hc-class": "operational"}
TEXT = {"type": "string", **OP}
PERSONAL = {"type": "string", "x-hc-class": "personal"}


def schema(properties, required=(), **root):
    return {
        "$schema": DIALECT,
        "x-hc-type": "test.made.v1",
        "type": "object",
        "properties": properties,
        "required": list(required),
        **root,
    }


def contract(properties, required=(), **root):
    return Contract(schema(properties, required, **root))


def broken(made, data, **options):
    with pytest.raises(MessageError) as caught:
        made.check(data, **options)
    assert caught.value.code == "contract_invalid"
    return [(error.pointer, error.rule) for error in caught.value.errors]


def minimized(made, data):
    return made.minimize(made.check(data), data, RING)


# -- what a contract may say


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ({"type": "string"}, "x-hc-class is missing"),
        ({"type": "object", "properties": {"b": {"type": "string"}}}, "x-hc-class is missing"),
        ({"type": "array", "items": {"type": "string"}}, "x-hc-class is missing"),
        ({}, "x-hc-class is missing"),
        ({"x-hc-class": "operational"}, "can only be dropped"),
        ({**TEXT, "x-hc-class": "public"}, "unknown x-hc-class"),
        ({**TEXT, "x-hc-keep": "hash"}, "unknown x-hc-keep"),
        ({**TEXT, "x-hc-policy": 1}, "unknown word x-hc-policy"),
        ({**TEXT, "patternProperties": {}}, "unknown word"),
        ({"type": "object", "properties": {}, "additionalProperties": TEXT}, "unknown word"),
        ({**TEXT, "if": {}}, "unknown word"),
        ({**TEXT, "not": {}}, "unknown word"),
        ({**TEXT, "$dynamicRef": "#x"}, "unknown word"),
        ({**TEXT, "x-hc-time": False}, "x-hc-time"),
        ({**TEXT, "x-hc-domain": 5}, "x-hc-domain must be text"),
        ({**PERSONAL, "x-hc-keep": "keep"}, "x-hc-reason"),
        ({**PERSONAL, "x-hc-keep": "pseudonymize"}, "x-hc-domain"),
        ({**PERSONAL, "x-hc-domain": "patient"}, "x-hc-domain"),
        ({**TEXT, "x-hc-class": "secret", "x-hc-keep": "last4"}, "a secret"),
        (
            {**TEXT, "x-hc-keep-if": {"nobody": ["x"]}},
            "x-hc-keep-if names no sibling",
        ),
        ({**TEXT, "x-hc-keep-if": {}}, "names one sibling"),
        (
            {"type": "array", "items": TEXT, "x-hc-keep-if": {"a": ["x"]}},
            "x-hc-keep-if belongs to a plain value",
        ),
        (
            {**PERSONAL, "x-hc-keep": "pseudonymize", "x-hc-domain": "p", "x-hc-scope": "z"},
            "no sibling",
        ),
        ({"type": "number", **OP}, "a number needs x-hc-decimal"),
        ({"type": ["string", "number"], **OP}, "a number needs x-hc-decimal"),
        ({"type": "number", **OP, "x-hc-decimal": {"max": 1}}, "unknown x-hc-decimal"),
        ({"type": "number", **OP, "x-hc-decimal": {"digits": 31}}, "at most 30"),
        ({"type": "object", **OP}, "an object needs properties"),
        ({"type": ["array", "null"], **OP}, "an object needs properties"),
        ({"properties": {"b": TEXT}}, "the type object"),
        ({"type": "object", "properties": {"b": TEXT}, "x-hc-keep": "mask"}, "as a whole"),
        ({"type": "object", "properties": {"Name of": TEXT}}, "lower-case"),
        ({"$ref": "https://example.com/remote.json"}, "same file"),
        ({"$ref": "file:///etc/passwd"}, "same file"),
        ({"$ref": "#/properties/a"}, "same file"),
        ({"$ref": "#/$defs/none"}, "a schema is due"),
        ({"$ref": "#/$defs/loop"}, "refers to itself"),
        ({"$ref": "#/$defs/text", "minLength": 3}, "beside a reference"),
        ({**TEXT, "pattern": "(?=a)"}, "not a JSON Schema"),
        ({**TEXT, "pattern": "("}, "not a JSON Schema"),
        ({**TEXT, "minLength": "x"}, "not a JSON Schema"),
        ({"anyOf": [TEXT, TEXT]}, "must differ"),
        ({"anyOf": [TEXT], "type": "string"}, "do not go together"),
        (5, "a schema is due"),
    ],
)
def test_contracts_that_are_refused(field, sentence):
    defs = {"text": TEXT, "loop": {"type": "array", "items": {"$ref": "#/$defs/loop"}}}
    with pytest.raises(ContractError, match=sentence):
        contract({"a": field}, **{"$defs": defs})


@pytest.mark.parametrize(
    ("root", "sentence"),
    [
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "schema must be"),
        ({"x-hc-type": "Supply"}, "x-hc-type"),
        ({"x-hc-type": None}, "x-hc-type"),
        ({"type": "array"}, "describes an object"),
        ({"allOf": []}, "unknown word allOf"),
        ({"$defs": []}, "not an object"),
        ({"x-hc-business-key": ["b"]}, "no operational value"),
        ({"x-hc-business-key": ["p"]}, "no operational value"),
        ({"x-hc-ordering-key": ["l"]}, "no operational value"),
        ({"x-hc-ordering-key": "a"}, "a list of names"),
        ({"x-hc-business-key": [5]}, "not a name"),
        ({"x-hc-source-optional": ["/z"]}, "names no field"),
        ({"x-hc-source-optional": ["/l/*/z"]}, "names no field"),
        ({"x-hc-source-optional": ["/a/b"]}, "a schema is due"),
        ({"x-hc-source-optional": [""]}, "names no field"),
    ],
)
def test_roots_that_are_refused(root, sentence):
    fields = {
        "a": TEXT,
        "p": {**PERSONAL, "x-hc-keep": "pseudonymize", "x-hc-domain": "p"},
        "l": {"type": "array", "items": {"type": "object", "properties": {"a": TEXT}}},
    }
    with pytest.raises(ContractError, match=sentence):
        contract(fields, **root)


# -- check


def test_only_named_fields_in_canonical_form():
    made = contract(
        {
            "code": {
                "type": "object",
                "required": ["value"],
                "properties": {"system": {**TEXT, "default": "local"}, "value": TEXT},
            },
            "n": {"type": "integer", **OP},
            "q": {"type": ["number", "string"], **OP, "x-hc-decimal": {"minimum": 0}},
            "t": {**TEXT, "x-hc-time": True},
            "flag": {"type": "boolean", **OP},
        }
    )
    data = {
        "code": {"value": "1", "patient": "x"},
        "n": Decimal("7.0"),
        "q": Decimal("1.500"),
        "t": "2026-11-22T10:00:00+01:00",
        "flag": True,
        "unknown": [],
    }
    assert made.check(data) == {
        "code": {"system": "local", "value": "1"},
        "n": 7,
        "q": "1.5",
        "t": "2026-11-22T09:00:00Z",
        "flag": True,
    }
    assert type(made.check(data)["n"]) is int
    assert data["code"] == {"value": "1", "patient": "x"}


quantity = {"type": ["number", "string"], **OP}
POSITIVE = contract(
    {"q": {**quantity, "x-hc-decimal": {"exclusiveMinimum": 0, "digits": 6, "places": 2}}}
)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1, "1"),
        (Decimal("0.01"), "0.01"),
        ("12.50", "12.5"),
        ("+3", "3"),
        ("0003", "3"),
        (Decimal("1e3"), "1000"),
        (Decimal("1.000000"), "1"),
        ("9999.99", "9999.99"),
    ],
)
def test_decimals(value, kept):
    assert POSITIVE.check({"q": value}) == {"q": kept}


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (0, "exclusiveMinimum"),
        (Decimal("0.00"), "exclusiveMinimum"),
        ("-1", "exclusiveMinimum"),
        ("0", "exclusiveMinimum"),
        ("0.001", "places"),
        (Decimal("1e-20"), "places"),
        (Decimal("1e20"), "digits"),
        ("12345.67", "digits"),
        ("two", "pattern"),
        ("", "pattern"),
        ("1e3", "pattern"),
        ("NaN", "pattern"),
        ("1,5", "pattern"),
        (True, "type"),
        (None, "type"),
        ([], "type"),
    ],
)
def test_decimals_refused(value, rule):
    assert broken(POSITIVE, {"q": value}) == [("/q", rule)]


def test_counts_may_be_zero():
    made = contract({"q": {**quantity, "x-hc-decimal": {"minimum": 0}}})
    assert made.check({"q": "0.0"}) == {"q": "0"}
    assert made.check({"q": "-0"}) == {"q": "0"}
    assert broken(made, {"q": "-0.1"}) == [("/q", "minimum")]


def test_fractions_validate_exactly():
    made = contract(
        {
            "q": {
                "type": "number",
                **OP,
                "minimum": 0.1,
                "maximum": 100,
                "x-hc-decimal": {"digits": 30, "places": 29},
            }
        }
    )
    assert made.check({"q": Decimal("0.1")}) == {"q": "0.1"}
    assert made.check({"q": Decimal("0.30000000000000000000000000001")})
    assert broken(made, {"q": Decimal("100.0000000000000000000000001")}) == [("/q", "maximum")]
    assert broken(made, {"q": Decimal("0.0999999999999999999999")}) == [("/q", "minimum")]


@pytest.mark.parametrize("value", ["2026-13-01", "22.11.2026", "", "2026-11-22T09:00:00+99:00"])
def test_times_refused(value):
    made = contract({"t": {**TEXT, "x-hc-time": True}})
    assert broken(made, {"t": value}) == [("/t", "format")]
    assert broken(made, {"t": 5}) == [("/t", "type")]


LINES = contract(
    {
        "name": {**TEXT, "enum": ["x", "y"]},
        "lines": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["item", "quantity"],
                "properties": {
                    "item": TEXT,
                    "quantity": {**quantity, "x-hc-decimal": {"exclusiveMinimum": 0}},
                },
            },
        },
    },
    ["name", "lines"],
    **{"x-hc-source-optional": ["/name", "/lines/*/quantity"]},
)


def test_all_errors_with_pointers_of_the_contract():
    data = {"name": "JOHN DOE", "lines": [{"quantity": 0, "JOHN": 1}, {"item": 5, "quantity": "x"}]}
    assert set(broken(LINES, data)) == {
        ("/name", "enum"),
        ("/lines/0/item", "required"),
        ("/lines/0/quantity", "exclusiveMinimum"),
        ("/lines/1/item", "type"),
        ("/lines/1/quantity", "pattern"),
    }
    assert broken(LINES, {"lines": []}) == [("/name", "required")]
    assert broken(LINES, {"name": "x", "lines": {}}) == [("/lines", "type")]
    assert len(broken(LINES, {"name": "x", "lines": [{}] * 100})) == 50
    for value in (None, [], "x", 5):
        assert broken(LINES, value) == [("", "type")]


def test_relaxed():
    data = {"lines": [{"item": "a"}]}
    assert LINES.check(data, relaxed=True) == data
    assert broken(LINES, data) == [("/name", "required"), ("/lines/0/quantity", "required")]
    assert broken(LINES, {"lines": [{}]}, relaxed=True) == [("/lines/0/item", "required")]
    assert ("/name", "type") in broken(LINES, {"name": None, "lines": []}, relaxed=True)


def test_attacks_do_not_hold_the_validator():
    made = contract({"a": {**TEXT, "pattern": "^(a+)+$"}, "n": {"x-hc-class": "personal"}})
    start = time.perf_counter()
    assert broken(made, {"a": "a" * 50_000 + "!"}) == [("/a", "pattern")]
    assert time.perf_counter() - start < 1
    assert broken(made, {"a": "\ud800"}) == [("", "encoding")]
    deep = []
    for _ in range(900):
        deep = [deep]
    for data in ({"a": deep}, {"n": deep}, {"unknown": deep}):
        try:
            made.check(data)
        except MessageError as error:
            assert error.code == "contract_invalid"


def test_alternatives():
    code = {"type": "object", "properties": {"value": TEXT}, "required": ["value"]}
    made = contract({"payer": {"anyOf": [{**OP, "const": "patient"}, code]}})
    assert made.check({"payer": "patient"}) == {"payer": "patient"}
    assert made.check({"payer": {"value": "A", "x": 1}}) == {"payer": {"value": "A"}}
    assert broken(made, {"payer": "JOHN"}) == [("/payer", "anyOf")]
    assert broken(made, {"payer": []}) == [("/payer", "anyOf")]
    assert minimized(made, {"payer": {"value": "A", "x": 1}}).dropped == {"*": 1}
    either = contract({"a": TEXT, "b": TEXT}, anyOf=[{"required": ["a"]}, {"required": ["b"]}])
    assert either.check({"b": "x"}) == {"b": "x"}
    assert broken(either, {}) == [("", "anyOf")]


# -- minimize


POLICY = contract(
    {
        "kept": TEXT,
        "gone": {**TEXT, "x-hc-keep": "drop"},
        "by_default": PERSONAL,
        "masked": {**PERSONAL, "x-hc-keep": "mask"},
        "year": {**PERSONAL, "x-hc-keep": "year", "x-hc-time": True},
        "last4": {**PERSONAL, "x-hc-keep": "last4"},
        "serial": {**PERSONAL, "x-hc-keep": "keep", "x-hc-reason": "needed"},
        "pin": {"type": "string", "x-hc-class": "secret"},
        "number": {
            "type": "integer",
            "x-hc-class": "personal",
            "x-hc-keep": "pseudonymize",
            "x-hc-domain": "number",
        },
        "patient": {
            "type": "object",
            "x-hc-class": "personal",
            "properties": {
                "mrn": {
                    **PERSONAL,
                    "x-hc-keep": "pseudonymize",
                    "x-hc-domain": "patient",
                    "x-hc-scope": "authority",
                },
                "authority": {**TEXT, "x-hc-keep": "drop"},
            },
        },
        "note": {"x-hc-class": "personal", "x-hc-keep": "drop"},
        "tags": {"type": "array", "items": TEXT},
        "names": {"type": "array", "items": PERSONAL},
        "block": {
            "type": "object",
            "x-hc-class": "personal",
            "x-hc-keep": "drop",
            "properties": {"a": TEXT},
        },
    }
)


def test_policies():
    made = minimized(
        POLICY,
        {
            "kept": "kept",
            "gone": "gone",
            "by_default": "default",
            "masked": "masked",
            "year": "1980-05-06",
            "last4": "1234567890",
            "serial": "SN-1",
            "pin": "0000",
            "number": 4711,
            "patient": {"mrn": "MRN-1", "authority": "HOSP"},
            "tags": ["a", "b"],
        },
    )
    assert made.data == {
        "kept": "kept",
        "masked": "***",
        "year": "1980",
        "last4": "7890",
        "serial": "SN-1",
        "number": RING.pseudonym("number", "4711"),
        "patient": {"mrn": RING.pseudonym("patient", "MRN-1", "HOSP")},
        "tags": ["a", "b"],
    }
    assert made.dropped == {"/gone": 1, "/by_default": 1, "/pin": 1, "/patient/authority": 1}
    assert made.personal == {
        *("default", "masked", "1980-05-06", "1234567890", "0000", "4711", "MRN-1")
    }
    texts = {(key, text) for _container, key, text in made.places}
    assert texts == {("kept", "kept"), ("serial", "SN-1"), (0, "a"), (1, "b")}


def test_short_values_are_masked():
    assert minimized(POLICY, {"last4": "1234567"}).data == {"last4": "***"}


def test_dropped_and_unnamed():
    data = {
        "patient": {"name": {"family": "Doe", "given": ["Jane", 7]}, "vip": True},
        "note": ["free", {"text": "John"}],
        "names": ["Ann", "Bob"],
        "block": {"a": "x", "z": "Zoe"},
        "Doe, Jane": "unnamed",
        "other": None,
    }
    made = minimized(POLICY, data)
    assert made.data == {}
    assert made.dropped == {"/note": 1, "/names": 2, "/block": 1, "*": 4}
    assert made.personal == {"Doe", "Jane", "7", "free", "John", "Ann", "Bob", "x", "Zoe"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(POLICY.schema["properties"])), json_values))
def test_whatever_comes_is_refused_or_minimized(data):
    try:
        named = POLICY.check(data)
    except MessageError as error:
        assert error.code == "contract_invalid"
        assert error.errors
        return
    made = POLICY.minimize(named, data, RING)
    assert made.data.keys() <= {
        *("kept", "masked", "year", "last4", "serial", "number", "patient", "tags", "names")
    }


def test_an_empty_list_says_something_too():
    assert minimized(POLICY, {"tags": [], "patient": {}}).data == {"tags": []}


@given(json_values)
def test_unnamed_values_never_stay(value):
    made = minimized(POLICY, {"kept": "k", "unnamed": value, "patient": {"unnamed": value}})
    assert made.data == {"kept": "k"}


# -- what is kept beside a value


KEEP_IF = {"kind": {"enum": ["device", "patient"], **OP}}


def test_kept_only_beside_a_value():
    made = contract({**KEEP_IF, "code": {**TEXT, "x-hc-keep-if": {"kind": ["device"]}}})
    kept = minimized(made, {"kind": "device", "code": "C1"})
    assert (kept.data, kept.dropped) == ({"kind": "device", "code": "C1"}, {})
    for data in ({"kind": "patient", "code": "C1"}, {"code": "C1"}):
        kept = minimized(made, data)
        assert "code" not in kept.data
        assert kept.dropped == {"/code": 1}


def test_dropped_for_its_kind_is_looked_for_elsewhere():
    name = {**PERSONAL, "x-hc-keep": "pseudonymize", "x-hc-domain": "p"}
    made = contract({**KEEP_IF, "name": {**name, "x-hc-keep-if": {"kind": ["device"]}}})
    assert minimized(made, {"kind": "patient", "name": "Quill"}).personal == {"Quill"}


def test_no_key_is_made_of_what_may_not_be_kept():
    code = {**TEXT, "x-hc-keep-if": {"kind": ["device"]}}
    with pytest.raises(ContractError, match="no operational value that is kept"):
        contract({**KEEP_IF, "code": code}, **{"x-hc-business-key": ["code"]})
