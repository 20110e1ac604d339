"""Which rule holds, and what a pseudonym looks like."""

import doctest
from itertools import permutations

import pytest
from messaging import retention
from messaging.keyring import KeyRing
from messaging.retention import OPEN, PRUNABLE, Rule, days_of, is_pseudonym

GENERAL = Rule("done", 365)
COMPANY = Rule("done", 200, company=1)
CHANNEL = Rule("done", 30, channel=7)
CHANNEL_OF_COMPANY = Rule("done", 20, channel=7, company=1)


def test_examples():
    assert doctest.testmod(retention).failed == 0


@pytest.mark.parametrize("rules", list(permutations([GENERAL, COMPANY, CHANNEL_OF_COMPANY])))
def test_the_nearest_rule_holds_in_whatever_order(rules):
    assert days_of(rules, "done", 7, 1) == 20
    assert days_of(rules, "done", 8, 1) == 200
    assert days_of(rules, "done", 8, 2) == 365
    assert days_of(rules, "cancelled", 7, 1) == 0


def test_for_ever_of_a_channel_goes_before_days_of_all():
    assert days_of([GENERAL, Rule("done", 0, channel=7)], "done", 7, 1) == 0


def test_rules_of_others_do_not_hold():
    assert days_of([COMPANY, CHANNEL], "done", 8, 2) == 0


def test_no_state_is_both_open_and_prunable():
    assert not set(OPEN) & set(PRUNABLE)


def test_pseudonyms_of_the_keyring_are_pseudonyms():
    ring = KeyRing(b"k" * 32)
    for value in ("MRN-1", "", "ä" * 500):
        assert is_pseudonym(ring.pseudonym("patient", value, "HOSP"))
    assert not is_pseudonym(ring.surrogate("MRN-1"))
    assert not is_pseudonym(ring.pseudonym("patient", "x") + "a")
    assert not is_pseudonym("hcp1_" + "a" * 31 + "\n")
