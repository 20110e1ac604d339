# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import pytest
from biomed.triage import COUNT, IGNORE, REQUEST, Case, Rule, decide

RULES = (
    Rule(1, IGNORE, code="MDC_EVT_TEST", is_prefix=True),
    Rule(2, REQUEST, code="MDC_EVT_BATT_LO", criticalities=frozenset({"life_support"})),
    Rule(3, COUNT, priorities=frozenset({"low", "advisory"})),
    Rule(4, REQUEST, categories=frozenset({9}), company=1),
    Rule(5, REQUEST, priorities=frozenset({"high"})),
)


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        (Case("MDC_EVT_TEST_LAMP", "high", "life_support"), 1),
        (Case("MDC_EVT_BATT_LO", "low", "life_support"), 2),
        (Case("MDC_EVT_BATT_LO", "low", "high"), 3),
        (Case("MDC_EVT_BATT_LO_2", "low", "life_support"), 3),
        (Case("X", "medium", "low", category=9, company=1), 4),
        (Case("X", "medium", "low", category=9, company=2), None),
        (Case("X", "high", "low", category=8, company=1), 5),
        (Case("X", "medium", "medium"), None),
    ],
)
def test_first_that_fits(case, rule):
    found = decide(RULES, case)
    assert (found and found.id) == rule
