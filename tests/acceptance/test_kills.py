"""`kill -9` while events are sent and handled; `make faults` does it more often."""

import os

import pytest
from support import killing

KILLS = int(os.environ.get("HC_KILLS", "3"))
WAYS = (killing.whole_server, killing.all_odoo)


@pytest.mark.parametrize("number", range(KILLS))
def test_kill_of_the_whole_server(hospital, number):
    way = WAYS[number % len(WAYS)]
    killing.play(hospital, 100 + number, lambda: way(hospital))
