# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a code that is looked up says of a name that reads like it."""

import pytest
from messaging.translate.common import personal

CODE = {"system": "local", "value": "Bern"}


@pytest.mark.parametrize(
    "data",
    [
        {"location": "Bern"},
        {"lines": [{"item": CODE}]},
        {"service": CODE},
        {"services": [CODE]},
        {"services": [{"line": "1", "service": CODE}]},
        {"resources": [CODE]},
        {"equipment": CODE},
        {"coverage": {"payer": CODE}},
    ],
)
def test_a_town_called_like_a_code_hides_no_code(data):
    assert personal(frozenset({"M1"}), frozenset({"Bern"}), [data], {}) == {"M1"}


def test_a_name_is_hidden_wherever_no_code_is_like_it():
    data = {"services": ["Bern"], "coverage": {"policy": "Bern"}}
    assert personal(frozenset(), frozenset({"Bern"}), [data], {}) == {"Bern"}
