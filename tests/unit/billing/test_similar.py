# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from billing.similar import Seen, Sight

SIGHT = Sight(1, 2, D("1"), 3, date(2026, 11, 22), "V", 4)


@pytest.fixture
def seen():
    known = Seen()
    known.add(SIGHT, 77, 500)
    return known


def test_same_visit_or_same_patient(seen):
    assert seen.like(SIGHT, 501) == 77
    assert seen.like(replace(SIGHT, encounter=None), 501) == 77
    assert seen.like(replace(SIGHT, patient=None, quantity=D("1.00")), 501) == 77
    assert seen.like(replace(SIGHT, encounter="W"), 501) == 77


@pytest.mark.parametrize(
    "change",
    [
        {"site": 9},
        {"product": 9},
        {"quantity": D(2)},
        {"unit": 9},
        {"day": date(2026, 11, 23)},
        {"encounter": None, "patient": None},
        {"encounter": "W", "patient": 5},
    ],
)
def test_anything_else_is_another(seen, change):
    assert seen.like(replace(SIGHT, **change), 501) is None


def test_lines_of_one_message_are_meant(seen):
    assert seen.like(SIGHT, 500) is None


def test_the_first_one_is_named(seen):
    seen.add(SIGHT, 78, 501)
    assert seen.like(SIGHT, 502) == 77
