"""How busy the machine is, to know what a measured time is worth."""

from __future__ import annotations

import time
from pathlib import Path

LOOK_SECONDS = 2.0
IDLE, IO_WAIT = 3, 4


def _ticks() -> tuple[int, int]:
    """Idle and all ticks of all processors since the machine started."""
    line = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    ticks = [int(word) for word in line[:8]]
    return ticks[IDLE] + ticks[IO_WAIT], sum(ticks)


def idle_share(seconds: float = LOOK_SECONDS) -> float:
    """Share of the processors' time in which nobody computes."""
    idle, total = _ticks()
    time.sleep(seconds)
    idle_after, total_after = _ticks()
    return (idle_after - idle) / max(1, total_after - total)
