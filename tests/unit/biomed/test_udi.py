# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import pytest
from biomed.udi import Udi, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(01)04012345678901(21)SN-1", Udi("04012345678901", "SN-1")),
        ("(01)04012345678901(17)271231(10)LOT(21)7", Udi("04012345678901", "7")),
        ("010401234567890121SN-1", Udi("04012345678901", "SN-1")),
        ("]d20104012345678901172712311021A\x1d21SN-2", Udi("04012345678901", "SN-2")),
        ("0104012345678901", Udi("04012345678901", "")),
        ("+H123ABC01234567890D", Udi()),
        ("SN-1", Udi()),
        ("", Udi()),
    ],
)
def test_parse(text, expected):
    assert parse(text) == expected
