# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from billing.matching import Charge, Visit, day_of, match
from hypothesis import given
from hypothesis import strategies as st

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def visit(number, at, services=("A",), patient="P", zone=BERLIN, charged=()):
    return Visit(
        number, patient, frozenset(services), at, *day_of(at, zone), charged=frozenset(charged)
    )


def charge(number, at, services=("A",), patient="P"):
    return Charge(number, patient, frozenset(services), at)


def hour(number, day=24):
    return datetime(2026, 11, day, number)


def test_same_patient_service_and_day():
    visits = [visit(1, hour(9))]
    assert match(visits, [charge(7, hour(14))]) == {7: 1}
    assert match(visits, [charge(7, hour(14), patient="Q")]) == {}
    assert match(visits, [charge(7, hour(14), services=["B"])]) == {}
    assert match(visits, [charge(7, hour(14, day=25))]) == {}


def test_the_day_is_that_of_the_site():
    late = visit(1, datetime(2026, 11, 24, 22, 30), zone=BERLIN)  # 23:30 there
    assert match([late], [charge(7, datetime(2026, 11, 24, 22, 59))]) == {7: 1}
    assert match([late], [charge(7, datetime(2026, 11, 24, 23, 0))]) == {}
    west = visit(1, datetime(2026, 11, 24, 22, 30), zone=NEW_YORK)
    assert match([west], [charge(7, datetime(2026, 11, 25, 4, 59))]) == {7: 1}


@pytest.mark.parametrize(
    ("moment", "hours"),
    [(datetime(2026, 3, 29, 10), 23), (datetime(2026, 10, 25, 10), 25), (hour(10), 24)],
)
def test_days_on_which_clocks_change(moment, hours):
    opens, closes = day_of(moment, BERLIN)
    assert closes - opens == timedelta(hours=hours)
    assert opens.replace(tzinfo=UTC).astimezone(BERLIN).hour == 0


def test_each_visit_gets_its_own_before_any_gets_two():
    visits = [visit(1, hour(9)), visit(2, hour(15))]
    charges = [charge(7, hour(9)), charge(8, hour(10)), charge(9, hour(11))]
    assert match(visits, charges) == {7: 1, 8: 1, 9: 2}
    assert match(visits, charges[:2]) == {7: 1, 8: 2}


def test_what_a_person_has_linked_is_taken():
    visits = [visit(1, hour(9), charged=["A"]), visit(2, hour(15))]
    assert match(visits, [charge(7, hour(9))]) == {7: 2}
    assert match(visits[:1], [charge(7, hour(9))]) == {7: 1}


def test_services_of_one_visit_are_charged_one_by_one():
    visits = [visit(1, hour(9), services=["A", "B"]), visit(2, hour(10), services=["A"])]
    charges = [charge(7, hour(9)), charge(8, hour(9), services=["B"]), charge(9, hour(9))]
    assert match(visits, charges) == {7: 1, 8: 1, 9: 2}


PLACES = st.lists(
    st.tuples(st.integers(6, 20), st.sampled_from("AB"), st.sampled_from("PQ")), max_size=6
)


@given(PLACES, PLACES, st.randoms())
def test_order_does_not_matter_and_nothing_that_fits_is_left(visit_rows, charge_rows, random):
    visits = [visit(n, hour(h), [s], p) for n, (h, s, p) in enumerate(visit_rows, 1)]
    charges = [charge(n, hour(h), [s], p) for n, (h, s, p) in enumerate(charge_rows, 1)]
    found = match(visits, charges)
    random.shuffle(visits)
    random.shuffle(charges)
    assert match(visits, charges) == found
    offers = {(one.patient, service) for one in visits for service in one.services}
    for one in charges:
        fits = any((one.patient, service) in offers for service in one.services)
        assert (one.id in found) is fits
    by_id = {one.id: one for one in visits}
    used = {by_id[found[one.id]].id for one in charges if one.id in found}
    for offer in offers:
        able = [v.id for v in visits if (v.patient, *v.services) == offer]
        asked = [c for c in charges if (c.patient, *c.services) == offer]
        assert len(used & set(able)) == min(len(able), len(asked))
