# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who may say what about which data, and what comes back of what we have said."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import echo
from messaging.envelope import parse_binary, parse_structured
from messaging.errors import MessageError
from messaging.keyring import KeyRing
from messaging.ownership import FREE, Action, Row, judge
from messaging.translate import fhir
from messaging.translate.fhir_test_data import CODE, SYSTEM

RING = KeyRing(bytes(range(32)))
LAB, STORE, ODOO = 1, 2, None
NORTH, SOUTH = 10, 20
STATED = frozenset({"name", "uom"})


def verdict(sender, *rows, company=NORTH, site=None, stated=STATED):
    return judge(rows, sender, company, site, stated)


# -- the matrix


@pytest.mark.parametrize("action", list(Action))
def test_an_update_of_another_is_as_the_row_says(action):
    row = Row(STORE, action)
    assert verdict(LAB, row).action is action
    assert verdict(ODOO, row).action is action
    assert verdict(STORE, row) == FREE


def test_without_a_row_everybody_may():
    assert verdict(LAB) == FREE
    assert verdict(LAB, Row(STORE, Action.REFUSE, company=SOUTH)) == FREE


def test_odoo_itself_can_be_the_owner():
    row = Row(ODOO, Action.REFUSE)
    assert verdict(ODOO, row) == FREE
    assert verdict(LAB, row).action is Action.REFUSE


def test_the_narrower_row_holds():
    rows = [
        Row(LAB, Action.REFUSE, company=NORTH, site=5),
        Row(STORE, Action.REVIEW, company=NORTH),
        Row(ODOO, Action.IGNORE),
    ]
    for order in itertools.permutations(rows):
        assert verdict(LAB, *order, site=5) == FREE
        assert verdict(LAB, *order, site=6).action is Action.REVIEW
        assert verdict(LAB, *order, company=SOUTH).action is Action.IGNORE


def test_fields_of_others_are_left_out():
    row = Row(STORE, Action.IGNORE, field="name")
    assert verdict(LAB, row).withheld == {"name"}
    assert verdict(LAB, row, stated={"uom"}) == FREE
    assert verdict(STORE, row) == FREE


def test_a_field_can_ask_for_more_than_to_be_left_out():
    rows = [Row(STORE, Action.REVIEW, field="name"), Row(STORE, Action.REFUSE, field="uom")]
    assert verdict(LAB, *rows).action is Action.REFUSE
    assert verdict(LAB, *rows, stated={"name"}).action is Action.REVIEW


def test_who_owns_a_field_only_may_change_that_field_only():
    rows = [Row(STORE, Action.REVIEW), Row(LAB, Action.IGNORE, field="name")]
    found = verdict(LAB, *rows)
    assert (found.action, found.withheld, found.on_new) == (None, {"uom"}, Action.REVIEW)
    assert verdict(LAB, *rows, stated={"uom"}).action is Action.REVIEW


ROWS = st.builds(
    Row,
    owner=st.sampled_from([LAB, STORE, ODOO]),
    action=st.sampled_from(list(Action)),
    company=st.sampled_from([None, NORTH, SOUTH]),
    site=st.sampled_from([None, 5]),
    field=st.sampled_from([None, "name", "uom"]),
)


@given(st.lists(ROWS, max_size=6, unique_by=lambda r: (r.company, r.site, r.field)), ROWS)
def test_nobody_changes_what_has_another_owner(rows, asked):
    """Whatever the rows are: a field that gets through belongs to the sender or to nobody."""
    found = judge(rows, LAB, NORTH, 5, STATED)
    through = frozenset() if found.action else STATED - found.withheld
    for name in through:
        for scope in (name, None):
            about = [r for r in rows if r.field == scope and r.holds(NORTH, 5)]
            if about:
                assert max(about, key=lambda r: r.narrowness).owner == LAB
                break


# -- echoes

SENT = {
    "item": {"value": "I-1"},
    "name": "Gauze",
    "identifiers": [{"system": "gtin", "value": "1"}, {"value": "2"}],
    "changed_at": "2026-11-22T09:00:00Z",
}
BACK = {
    "changed_at": "2026-11-22T10:00:00+01:00",
    "identifiers": [{"system": "local", "value": "2"}, {"system": "gtin", "value": "1"}],
    "item": {"value": "I-1", "system": "local"},
}


def facts(data):
    return echo.facts(data, ("item",), RING)


def test_the_same_in_another_form_is_an_echo():
    assert echo.subject(SENT, ("item",), RING) == echo.subject(BACK, ("item",), RING)
    assert echo.is_echo(facts(BACK), facts(SENT))


@pytest.mark.parametrize("change", [{"name": "Gauze, sterile"}, {"category": "Wound care"}])
def test_anything_new_is_no_echo(change):
    assert not echo.is_echo(facts({**BACK, **change}), facts(SENT))


def test_what_the_receiver_adds_to_our_own_is_no_news():
    added = {**BACK, "category": "Wound care"}
    assert echo.is_echo(facts(added), facts(SENT), caused_by_us=True)
    assert not echo.is_echo(facts({**added, "name": "X"}), facts(SENT), caused_by_us=True)


def test_another_record_is_another_subject():
    other = {"item": {"system": "gtin", "value": "I-1"}}
    assert echo.subject(SENT, ("item",), RING) != echo.subject(other, ("item",), RING)
    assert echo.subject({}, ("item",), RING) is None
    assert echo.subject(SENT, (), RING) is None


def test_digests_show_nothing():
    told = str(facts(SENT))
    assert "Gauze" not in told
    assert "2026" not in told


def test_nothing_said_is_no_echo():
    assert not echo.is_echo({}, facts(SENT))
    assert not echo.is_echo({}, {}, caused_by_us=True)


# -- what says of itself that it is a test

EVENT = {"specversion": "1.0", "id": "1", "source": "urn:x", "type": "a.b.v1", "data": {}}


@pytest.mark.parametrize(
    ("said", "is_test"), [(None, False), ("production", False), ("test", True), ("training", True)]
)
def test_cloudevents_say_their_environment(said, is_test):
    made = parse_structured({**EVENT, "environment": said} if said else EVENT, fallback_id=None)
    assert made.is_test is is_test
    headers = {f"ce-{name}": value for name, value in EVENT.items() if name != "data"}
    headers |= {"ce-environment": said} if said else {}
    assert parse_binary(headers, {}, fallback_id=None).is_test is is_test


def test_an_environment_that_nobody_knows():
    with pytest.raises(MessageError) as caught:
        parse_structured({**EVENT, "environment": "prod"}, fallback_id=None)
    assert [(one.pointer, one.rule) for one in caught.value.errors] == [("/environment", "pattern")]


CHARGE = {
    "resourceType": "ChargeItem",
    "id": "c-1",
    "status": "billable",
    "code": {"coding": [{"system": "urn:s", "code": "A"}]},
    "subject": {"reference": "Patient/1"},
}
MARK = {"security": [{"system": SYSTEM, "code": CODE}]}


def events(resource):
    return fhir.events(resource, fhir.types_of(resource), {"timezone": "UTC"})


def test_fhir_test_data_are_seen():
    assert [one.is_test for one in events(CHARGE)] == [False]
    assert [one.is_test for one in events({**CHARGE, "meta": MARK})] == [True]
    other = {"security": [{"system": "urn:other", "code": CODE}, "no label"]}
    assert [one.is_test for one in events({**CHARGE, "meta": other})] == [False]


def test_the_label_of_a_bundle_holds_for_all_of_it():
    entry = {"resource": CHARGE, "request": {"method": "POST", "url": "ChargeItem"}}
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "meta": MARK,
        "entry": [entry, {"fullUrl": "urn:x"}],
    }
    _kind, (good, bad) = fhir.bundle_entries(bundle)
    assert [one.is_test for one in events(good.checked())] == [True]
    assert bad.error is not None
