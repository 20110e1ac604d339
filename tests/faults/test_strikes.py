"""Twenty times `kill -9` of the whole server, and crashes of its parts."""

import os

import pytest
from support import killing

KILLS = int(os.environ.get("HC_KILLS", "20"))
WAYS = (killing.whole_server, killing.all_odoo)
PARTS = (killing.cron_only, killing.database)


@pytest.mark.parametrize("number", range(KILLS))
def test_kill_of_the_whole_server(hospital, number):
    way = WAYS[number % len(WAYS)]
    traffic = killing.play(hospital, 1000 + number, lambda: way(hospital))
    assert traffic.repeated, "the kill came after the last event"


@pytest.mark.parametrize("number", range(max(1, KILLS // 3)))
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_crash_of_a_part(hospital, part, number):
    killing.play(hospital, 2000 + number, lambda: part(hospital))
