# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A handler that ends as its messages ask it to: well, or in one of the ways code can end.

Each call leaves a line in the file of ``HC_FAULT_CALLS``, written before anything can go
wrong: what was rolled back or killed has left nothing else behind.
"""

import os
import signal
import time

from odoo import models

MEMORY = 64 << 30
"""Bytes; more than the limit of any worker."""


class HcHandlerFaultStruck(models.AbstractModel):
    _name = "hc.handler.fault.struck"
    _inherit = "hc.message.handler"
    _description = "Handler of Fault Tests"
    _groups = ("hc_fault_handlers.group_fault_note",)

    def _handle(self, items):
        self._remember(items)
        for item in items:
            ENDINGS[item.data["mode"]](item)
        notes = self.env["hc.fault.note"].create([{"name": item.event_id} for item in items])
        for item, note in zip(items, notes, strict=True):
            item.effect("note", "hc.fault.note", note.id)
            if item.data["mode"] == "tell":
                # Only the system itself is told, not those of other tests.
                system = self.env["hc.system"].browse(item.system_id)
                item.reply("fault.told.v1", {"number": item.event_id}, system=system)

    def _plan(self, items):
        return [[{"effect": "hc.fault.note"}] for _item in items]

    def _remember(self, items):
        path = os.environ.get("HC_FAULT_CALLS")
        if path:
            lines = "".join(f"{item.event_id} {len(items)} {os.getpid()}\n" for item in items)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(lines)


def _raise(item):
    raise ArithmeticError("always")


def _raise_first(item):
    """Wrong once, right the second time."""
    if not item.attempt_count:
        raise ArithmeticError("once")


def _exit(item):
    os._exit(1)


def _exit_all(item):
    """Odoo's master takes this status for the end of everything, and ends itself."""
    os._exit(3)


def _kill(item):
    os.kill(os.getpid(), signal.SIGKILL)


def _memory(item):
    bytearray(MEMORY)


def _hang(item):
    while True:
        time.sleep(60)


def _spin(item):
    while True:
        pass


def _slow(item):
    time.sleep(item.data.get("milliseconds", 100) / 1000)


ENDINGS = {
    "good": lambda item: None,
    "tell": lambda item: None,
    "raise": _raise,
    "raise_first": _raise_first,
    "exit": _exit,
    "exit_all": _exit_all,
    "kill": _kill,
    "memory": _memory,
    "hang": _hang,
    "spin": _spin,
    "slow": _slow,
}
