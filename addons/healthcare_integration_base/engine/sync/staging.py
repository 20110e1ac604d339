# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is kept of a row between reading and applying: minimized, or not at all."""

from dataclasses import asdict
from datetime import datetime

from ...messaging.errors import MessageError
from ...messaging.intake import Prepared
from ..entry import entry
from ..ledger import Entry

MAX_FIELDS = 20


def row(number, event, channel, ring):
    """A row for :meth:`.book.Book.stage`."""
    try:
        if isinstance(event, MessageError):
            raise event
        prepared = entry(channel, event, ring).prepared
    except MessageError as error:
        return number, "invalid", error.code, detail(error), None, None
    return number, "staged", None, None, _packed(prepared), None


def detail(error):
    """Fields and rules, never a value."""
    told = [f"{one.pointer or '/'}: {one.rule}" for one in error.errors[:MAX_FIELDS]]
    return "; ".join(told) or None


def unpacked(staged, channel):
    """The ledger's entry of a staged row."""
    moment = staged["time"] and datetime.fromisoformat(staged["time"])
    return Entry(channel, Prepared(**{**staged, "time": moment}), channel.format)


def _packed(prepared):
    return {**asdict(prepared), "time": prepared.time and prepared.time.isoformat()}
