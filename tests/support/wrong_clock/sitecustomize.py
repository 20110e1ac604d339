"""Loaded by every Python that runs under libfaketime (:mod:`support.clock`).

``time.sleep`` waits until a moment of the monotonic clock; libfaketime 0.9 moves that moment
with the wall clock and fails. ``select`` waits for a time and is left alone.
"""

import select
import time


def sleep(seconds: float) -> None:
    """As long, whatever the clock says."""
    select.select((), (), (), seconds)


time.sleep = sleep
