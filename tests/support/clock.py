"""A clock of the server's own, to be set while it runs (libfaketime)."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Iterator
from pathlib import Path

from hcdev.common import SetupError

from .machine import Machine

SITE = Path(__file__).parent / "wrong_clock"
LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class Clock:
    """The wall clock that Odoo's processes see. The monotonic one stays what it is, as when
    somebody sets the clock of a machine; PostgreSQL keeps the right time."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Put it ahead by so many seconds, or behind."""
        draft = self.file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}\n")
        draft.replace(self.file)

    def variables(self) -> dict[str, str]:
        """The environment of processes that see it."""
        found = sorted(glob.glob(LIBRARIES))
        if not found:
            raise SetupError("a shifted clock needs libfaketime: apt-get install faketime")
        return {
            "LD_PRELOAD": found[0],
            "PYTHONPATH": str(SITE),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }


@contextlib.contextmanager
def settable(machine: Machine) -> Iterator[Clock]:
    """Run the server with such a clock."""
    clock = Clock(machine.folder / "clock")
    machine.stop()
    machine.variables.update(clock.variables())
    try:
        machine.start()
        yield clock
    finally:
        machine.stop()
        for name in clock.variables():
            machine.variables.pop(name)
        machine.start()
