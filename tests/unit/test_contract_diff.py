# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which changes of a contract break senders, and which keep more about persons."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from messaging.contract import Contract
from messaging.contract_diff import breaks_senders, compare, loosens_privacy
from messaging.contract_privacy import Privacy
from messaging.contract_words import DIALECT
from messaging.errors import MessageError

ADDONS = Path(__file__).resolve().parents[2] / "addons"
FILES = sorted(ADDONS.glob("*/contracts/*.json"))
OP = {"x-hc-class": "operational"}
TEXT = {"type": "string", **OP}
NUMBER = {"type": "integer", **OP}
MRN = {
    "type": "string",
    "x-hc-class": "personal",
    "x-hc-keep": "pseudonymize",
    "x-hc-domain": "patient",
}


def schema(properties, required=(), **root):
    return {
        "$schema": DIALECT,
        "x-hc-type": "test.made.v1",
        "type": "object",
        "properties": properties,
        "required": list(required),
        **root,
    }


def told(old, new):
    """The changes of one field ``a``, as (pointer, what, breaks)."""
    changes = compare(schema({"a": old}), schema({"a": new}))
    return [(one.pointer, one.what, one.is_breaking) for one in changes]


def privacy(old, new):
    return [one.privacy for one in compare(schema({"a": old}), schema({"a": new}))]


def test_what_no_sender_sees_breaks_none():
    """Which data the ownership matrix asks about, and what names their record."""
    old = schema({"a": TEXT}, **{"x-hc-data-domain": "item", "x-hc-record": ["a"]})
    new = schema({"a": TEXT}, **{"x-hc-data-domain": "stock"})
    changes = compare(old, new)
    assert [(one.what, one.before, one.after) for one in changes] == [
        ("data_domain", "item", "stock"),
        ("record", '["a"]', ""),
    ]
    assert not breaks_senders(changes)


def test_a_field_that_becomes_a_telephone_number_refuses_nobody():
    assert told(TEXT, TEXT | {"x-hc-format": "phone"}) == [("/a", "x-hc-format", False)]


# -- which changes break senders


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ({"type": ["string", "integer"], **OP}, TEXT, "type_narrowed"),
        (
            {"type": "number", "x-hc-decimal": {}, **OP},
            {**NUMBER, "x-hc-decimal": {}},
            "type_narrowed",
        ),
        (TEXT, {**TEXT, "enum": ["x"]}, "enum_shrunk"),
        ({**TEXT, "enum": ["x", "y"]}, {**TEXT, "enum": ["x"]}, "enum_shrunk"),
        ({**TEXT, "enum": ["x", "y"]}, {**TEXT, "const": "x"}, "enum_shrunk"),
        (TEXT, {**TEXT, "pattern": "^x"}, "pattern"),
        ({**TEXT, "pattern": "^x"}, {**TEXT, "pattern": "^xy"}, "pattern"),
        (TEXT, {**TEXT, "format": "uuid"}, "format"),
        (TEXT, {**TEXT, "minLength": 1}, "minLength"),
        ({**TEXT, "maxLength": 9}, {**TEXT, "maxLength": 8}, "maxLength"),
        (TEXT, {**TEXT, "maxLength": 8}, "maxLength"),
        (NUMBER, {**NUMBER, "minimum": 0}, "minimum"),
        ({**NUMBER, "minimum": 0}, {**NUMBER, "exclusiveMinimum": 0}, "minimum"),
        ({**NUMBER, "maximum": 9}, {**NUMBER, "exclusiveMaximum": 9}, "maximum"),
        (
            {**TEXT, "x-hc-decimal": {"digits": 9}},
            {**TEXT, "x-hc-decimal": {"digits": 8}},
            "x-hc-decimal",
        ),
        (
            {**TEXT, "x-hc-decimal": {"minimum": 0}},
            {**TEXT, "x-hc-decimal": {"exclusiveMinimum": 0}},
            "x-hc-decimal",
        ),
        (TEXT, {**TEXT, "x-hc-decimal": {}}, "x-hc-decimal"),
        (TEXT, {**TEXT, "x-hc-time": True}, "x-hc-time"),
        (
            {"type": "array", "items": TEXT},
            {"type": "array", "items": TEXT, "minItems": 1},
            "minItems",
        ),
        (
            {"type": "array", "items": TEXT},
            {"type": "array", "items": TEXT, "uniqueItems": True},
            "uniqueItems",
        ),
        ({"x-hc-class": "clinical"}, {"type": "string", "x-hc-class": "clinical"}, "type_narrowed"),
    ],
)
def test_breaks(old, new, what):
    assert (("/a", what, True)) in told(old, new)
    back = told(new, old)
    assert back, "the way back is a change too"
    if what != "pattern" or "pattern" not in old:
        assert not any(breaks for _pointer, _what, breaks in back)


def test_a_field_that_is_added():
    both = schema({"a": TEXT, "b": TEXT})
    (change,) = compare(schema({"a": TEXT}), both)
    assert (change.pointer, change.what, change.is_breaking) == ("/b", "added", False)
    (change,) = compare(schema({"a": TEXT}), {**both, "required": ["b"]})
    assert (change.pointer, change.what, change.is_breaking) == ("/b", "required_added", True)


def test_a_field_that_goes_or_has_to_be_there():
    both = schema({"a": TEXT, "b": TEXT})
    (change,) = compare(both, schema({"a": TEXT}))
    assert (change.pointer, change.what, change.is_breaking) == ("/b", "removed", True)
    (change,) = compare(both, schema({"a": TEXT, "b": TEXT}, ["a"]))
    assert (change.pointer, change.what, change.is_breaking) == ("/a", "required_added", True)
    (change,) = compare(schema({"a": TEXT}, ["a"]), schema({"a": TEXT}))
    assert (change.what, change.is_breaking) == ("required_dropped", False)


def test_within_lines():
    line = {"type": "object", "properties": {"item": TEXT, "lot": TEXT}, "required": ["item"]}
    now = {**line, "required": ["item", "lot"]}
    lines = {"type": "array", "items": line}
    assert told(lines, {**lines, "items": now}) == [("/a/*/lot", "required_added", True)]


def test_behind_references():
    inner = {"$defs": {"code": TEXT}}
    old = schema({"a": {"$ref": "#/$defs/code"}}, **inner)
    new = schema({"a": {"$ref": "#/$defs/code"}}, **{"$defs": {"code": {**TEXT, "maxLength": 3}}})
    (change,) = compare(old, new)
    assert (change.pointer, change.what, change.after) == ("/a", "maxLength", "3")
    assert compare(old, schema({"a": TEXT})) == ()


def test_alternatives_of_a_value():
    pair = {"type": "object", "properties": {"value": TEXT}, "required": ["value"]}
    assert told(TEXT, {"anyOf": [TEXT, pair]}) == [("/a", "alternative_added", False)]
    assert told(TEXT, {"oneOf": [TEXT, pair]}) == [("/a", "alternative_added", False)]
    assert told({"anyOf": [TEXT, pair]}, TEXT) == [("/a", "alternative_removed", True)]
    narrow = {**pair, "required": ["value", "system"]}
    found = told({"anyOf": [TEXT, pair]}, {"anyOf": [TEXT, narrow]})
    assert found == [("/a/system", "required_added", True)]


def test_alternatives_that_ask_for_members():
    ask = [{"required": ["a"]}, {"required": ["b"]}]
    old = schema({"a": TEXT, "b": TEXT}, anyOf=ask)
    assert not breaks_senders(compare(old, schema({"a": TEXT, "b": TEXT})))
    assert breaks_senders(compare(schema({"a": TEXT, "b": TEXT}), old))
    assert breaks_senders(compare(old, schema({"a": TEXT, "b": TEXT}, anyOf=ask[:1])))
    grown = schema({"a": TEXT, "b": TEXT, "c": TEXT}, anyOf=[*ask, {"required": ["c"]}])
    assert not breaks_senders(compare(old, grown))
    only = {**old, "oneOf": ask}
    del only["anyOf"]
    assert breaks_senders(compare(old, only))


def test_dependent_fields():
    fields = {"a": TEXT, "b": TEXT}
    old, new = schema(fields), schema(fields, dependentRequired={"a": ["b"]})
    assert breaks_senders(compare(old, new))
    assert not breaks_senders(compare(new, old))


def test_the_keys_of_a_fact():
    """Two versions that are in use together must know the same fact by the same key."""
    fields = {"a": TEXT, "b": TEXT}
    old = schema(fields, **{"x-hc-business-key": ["a"]})
    (change,) = compare(old, schema(fields, **{"x-hc-business-key": ["a", "b"]}))
    assert (change.pointer, change.what, change.is_breaking) == ("", "business_key", True)


def test_what_standards_leave_out():
    fields = {"a": TEXT}
    old = schema(fields, ["a"], **{"x-hc-source-optional": ["/a"]})
    (change,) = compare(old, schema(fields, ["a"]))
    assert (change.pointer, change.what, change.is_breaking) == (
        "/a",
        "source_optional_removed",
        True,
    )
    (change,) = compare(schema(fields, ["a"]), old)
    assert not change.is_breaking


def test_texts_are_no_change():
    assert told(TEXT, {**TEXT, "description": "A code", "title": "Code"}) == []
    assert told(TEXT, {**TEXT, "default": "x"}) == [("/a", "default", False)]


# -- what is kept about persons


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        (MRN, {**TEXT, "x-hc-class": "personal"}, Privacy.STRICTER),
        ({"type": "string", "x-hc-class": "personal"}, MRN, Privacy.LOOSER),
        (MRN, {"type": "string", "x-hc-class": "personal", "x-hc-keep": "last4"}, Privacy.LOOSER),
        (
            {"type": "string", "x-hc-class": "personal", "x-hc-keep": "mask"},
            {"type": "string", "x-hc-class": "personal", "x-hc-keep": "year"},
            Privacy.LOOSER,
        ),
        (MRN, {**MRN, "x-hc-domain": "visit"}, Privacy.LOOSER),
        (MRN, {**MRN, "x-hc-scope": "authority"}, Privacy.STRICTER),
        ({**MRN, "x-hc-scope": "authority"}, MRN, Privacy.LOOSER),
        (TEXT, {**TEXT, "x-hc-keep-if": {"kind": ["x"]}}, Privacy.STRICTER),
        ({**TEXT, "x-hc-keep-if": {"kind": ["x"]}}, TEXT, Privacy.LOOSER),
        (TEXT, {**TEXT, "x-hc-keep": "drop"}, Privacy.NONE),
    ],
)
def test_privacy(old, new, direction):
    found = privacy(old, new)
    assert direction in found
    if direction is not Privacy.LOOSER:
        assert Privacy.LOOSER not in found


def test_a_class_that_asks_for_less():
    assert Privacy.LOOSER in privacy({**TEXT, "x-hc-class": "personal"}, TEXT)
    assert Privacy.STRICTER in privacy(TEXT, {**TEXT, "x-hc-class": "personal"})
    clinical = {"type": "string", "x-hc-class": "clinical"}
    assert privacy({"type": "string", "x-hc-class": "personal"}, clinical) == [Privacy.LOOSER]


def test_new_fields_about_persons():
    patient = {
        "type": "object",
        "x-hc-class": "personal",
        "properties": {"mrn": MRN, "name": {**MRN, "x-hc-keep": "drop"}},
    }
    changes = compare(schema({"b": TEXT}), schema({"b": TEXT, "a": patient}))
    assert [(one.pointer, one.privacy) for one in changes] == [
        ("/a", Privacy.NONE),
        ("/a/mrn", Privacy.LOOSER),
    ]
    dropped = {"x-hc-class": "personal"}
    assert not loosens_privacy(compare(schema({}), schema({"a": dropped})))
    assert not loosens_privacy(compare(schema({}), schema({"a": TEXT})))
    choice = {"anyOf": [MRN, patient]}
    assert loosens_privacy(compare(schema({}), schema({"a": choice})))
    assert loosens_privacy(compare(schema({"a": {"anyOf": [MRN]}}), schema({"a": choice})))


def test_an_object_that_was_dropped_as_a_whole():
    patient = {"type": "object", "x-hc-class": "personal", "properties": {"mrn": MRN}}
    whole = {**patient, "x-hc-keep": "drop"}
    assert privacy(whole, patient) == [Privacy.LOOSER]
    assert privacy(patient, whole) == [Privacy.STRICTER]


def test_a_first_version():
    changes = compare(None, schema({"a": TEXT, "b": MRN}, ["a"]))
    assert [(one.pointer, one.what) for one in changes] == [("/a", "added"), ("/b", "added")]
    assert not breaks_senders(changes)
    assert loosens_privacy(changes)


# -- for all contracts


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_contract_is_no_change_to_itself(path):
    one = json.loads(path.read_text("utf-8"))
    assert compare(one, copy.deepcopy(one)) == ()


SCALARS = st.one_of(
    st.builds(
        lambda low, span, enum: {**TEXT, "minLength": low, "maxLength": low + span, **enum},
        st.integers(0, 2),
        st.integers(0, 4),
        st.sampled_from([{}, {}, {"enum": ["a", "bb"]}, {"pattern": "^[ab]*$"}]),
    ),
    st.builds(
        lambda low, word, top: {**NUMBER, word: low, "maximum": top},
        st.integers(-2, 2),
        st.sampled_from(["minimum", "exclusiveMinimum"]),
        st.integers(2, 5),
    ),
    st.builds(
        lambda places, low: {**TEXT, "x-hc-decimal": {"places": places, **low}},
        st.integers(0, 3),
        st.sampled_from([{}, {"minimum": 0}, {"exclusiveMinimum": 0}]),
    ),
    st.sampled_from(
        [
            TEXT,
            NUMBER,
            {"type": "boolean", **OP},
            {"type": ["string", "integer"], **OP},
            {"type": "string", "x-hc-time": True, **OP},
            {"x-hc-class": "personal"},
            MRN,
        ]
    ),
)


def objects(member):
    def build(properties, required, ask):
        names = sorted(properties)
        made = {
            "type": "object",
            "properties": properties,
            "required": sorted(required & set(names)),
        }
        if ask:
            made[ask] = [{"required": [name]} for name in names[:2]]
        return made

    names = st.sampled_from(["a", "b", "c"])
    return st.builds(
        build,
        st.dictionaries(names, member, min_size=1, max_size=3),
        st.sets(names),
        st.sampled_from(["", "", "", "anyOf", "oneOf"]),
    )


def arrays(member):
    return st.builds(
        lambda item, low, top: {"type": "array", "items": item, "minItems": low, **top},
        member,
        st.integers(0, 1),
        st.sampled_from([{}, {"maxItems": 2}, {"uniqueItems": True}]),
    )


def choices(scalar):
    return st.builds(
        lambda word, one, two, twice: {word: [one, two] if twice else [one]},
        st.sampled_from(["anyOf", "oneOf"]),
        scalar.filter(lambda one: "type" in one),
        objects(SCALARS),
        st.booleans(),
    )


MEMBERS = st.one_of(SCALARS, arrays(SCALARS), objects(SCALARS), choices(SCALARS))
CONTRACTS = objects(MEMBERS).map(lambda made: {**schema({}), **made})
TEXTS = st.one_of(
    st.text("abc1", max_size=7),
    st.sampled_from(
        ["0", "1", "-1.5", "2.25", "0.001", "2026-01-01", "2026-01-01T10:00:00Z", "bb"]
    ),
)
PLAIN = st.one_of(TEXTS, st.integers(-4, 7), st.booleans(), st.none())


def values(one):
    """Data that may keep a description, often."""
    variants = [
        v for word in ("anyOf", "oneOf") for v in one.get(word, ()) if v.keys() != {"required"}
    ]
    if variants:
        return st.one_of([values(variant) for variant in variants])
    if "properties" in one:
        members = {name: values(member) for name, member in one["properties"].items()}
        needed = {name: member for name, member in members.items() if name in one["required"]}
        rest = {name: member for name, member in members.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=rest)
    if "items" in one:
        return st.lists(values(one["items"]), max_size=3)
    if "enum" in one:
        return st.sampled_from(one["enum"])
    return st.one_of(PLAIN, _likely(one))


def _likely(one):
    if one.get("type") == "integer":
        return st.integers(-3, 6)
    if one.get("type") == "boolean":
        return st.booleans()
    if "pattern" in one:
        return st.text("ab", max_size=5)
    return TEXTS


def places(node, path=()):
    """Where something is described, as paths of keys."""
    yield path
    for name, member in node.get("properties", {}).items():
        yield from places(member, (*path, "properties", name))
    if "items" in node:
        yield from places(node["items"], (*path, "items"))
    for word in ("anyOf", "oneOf"):
        for index, variant in enumerate(node.get(word, ())):
            if variant.keys() != {"required"}:
                yield from places(variant, (*path, word, index))


@st.composite
def mutated(draw, old):
    """The contract with a few places described anew."""
    new = copy.deepcopy(old)
    for _time in range(draw(st.integers(1, 2))):
        *way, key = draw(st.sampled_from([path for path in places(new) if path] or [("required",)]))
        node = new
        for step in way:
            node = node[step]
        action = draw(st.sampled_from(["replace", "words", "words", "required", "remove"]))
        if action == "required" or key == "required":
            new["required"] = draw(st.sets(st.sampled_from(["a", "b", "c"])).map(sorted))
        elif action == "replace":
            node[key] = draw(MEMBERS if isinstance(key, str) else SCALARS)
        elif (
            action == "remove"
            and isinstance(node, dict)
            and len(node) > 1
            and way[-1] == "properties"
        ):
            del node[key]
        elif isinstance(node[key], dict):
            node[key] = _reworded(draw, node[key])
    return new


def _reworded(draw, one):
    word = draw(
        st.sampled_from(
            [
                "minLength",
                "maxLength",
                "minimum",
                "maximum",
                "minItems",
                "enum",
                "pattern",
                "uniqueItems",
            ]
        )
    )
    value = {
        "enum": ["a", "bb", "ccc"],
        "pattern": "^a",
        "uniqueItems": True,
    }.get(word, draw(st.integers(0, 5)))
    if draw(st.booleans()):
        return {name: said for name, said in one.items() if name != word}
    return {**one, word: value}


def usable(one):
    try:
        return Contract(one)
    except ValueError:
        return None


@given(CONTRACTS)
def test_nothing_is_a_change_to_itself(one):
    assert compare(one, copy.deepcopy(one)) == ()


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_called_compatible_takes_all_that_was_valid(data):
    old = data.draw(CONTRACTS)
    new = data.draw(mutated(old))
    before, after = usable(old), usable(new)
    assume(before and after)
    assume(not breaks_senders(compare(old, new)))
    document = data.draw(values(old))
    try:
        before.check(document)
    except MessageError:
        assume(False)
    after.check(document)
