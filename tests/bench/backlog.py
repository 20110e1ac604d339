"""A backlog in the ledger, and how long it takes until nothing of it is left to do."""

from __future__ import annotations

import time
from typing import Any

import load
from load import FILL, Event
from rig import Rig

WITHIN = 600


def worked_off(rig: Rig, world: dict[str, Any], events: list[Event]) -> float:
    """Seconds from the first wake until neither messages nor follow-up work are left.

    The events are put into the ledger with the drains stopped, which is not counted.
    """
    rig.drains(False)
    rig.batch_limit(FILL)
    parts = [events[start : start + FILL] for start in range(0, len(events), FILL)]
    load.drive(rig.port, [load.batch(world, part) for part in parts], 207)
    rig.machine.sql("ANALYZE hc_message")
    rig.drains(True, follow_up=True)
    began = time.monotonic()
    rig.wake()
    rig.drained(WITHIN)
    rig.followed_up(WITHIN)
    took = time.monotonic() - began
    rig.drains(False)
    return took
