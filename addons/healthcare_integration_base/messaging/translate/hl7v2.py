# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""HL7 v2: what a message may become, its events, and its acknowledgement."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from ..errors import MessageError
from ..event import Event
from . import hl7_ack, hl7_alarm, hl7_charge, hl7_dft, hl7_schedule
from .hl7_ack import ack, acknowledgement_wanted
from .hl7_message import Hl7, parse, parse_header
from .hl7_path import Part, Rows

__all__ = [
    "Hl7",
    "ack",
    "acknowledgement_wanted",
    "check_version",
    "events",
    "parse",
    "parse_header",
    "types_of",
]

_VERSION = re.compile(r"2(\.\d{1,2}){0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Translator:
    """What one kind of message can become, and how."""

    code: str
    triggers: frozenset[str]
    types: frozenset[str]
    events: Callable[[Hl7, Collection[str], Mapping[str, str]], list[Event]]

    def reads(self, message: Hl7) -> bool:
        return message.code == self.code and message.trigger in self.triggers


_TRANSLATORS = (
    _Translator("DFT", hl7_dft.TRIGGERS, hl7_dft.TYPES, hl7_dft.events),
    _Translator("ORU", hl7_alarm.TRIGGERS, hl7_alarm.TYPES, hl7_alarm.events),
    _Translator("DFT", hl7_charge.TRIGGERS, hl7_charge.TYPES, hl7_charge.events),
    _Translator("SIU", hl7_schedule.TRIGGERS, hl7_schedule.TYPES, hl7_schedule.events),
)
_CODES = frozenset(one.code for one in _TRANSLATORS)


def check_version(message: Hl7) -> None:
    """Refuse what is not version 2."""
    if not _VERSION.fullmatch(message.version):
        raise MessageError("version_not_supported")


def types_of(message: Hl7) -> frozenset[str]:
    """Canonical types that a message of this kind can become."""
    return frozenset[str]().union(*(one.types for one in _readers(message)))


def events(message: Hl7, accepts: Collection[str], options: Mapping[str, str]) -> list[Event]:
    """The message as events of the accepted types; all of it, or a refusal."""
    check_version(message)
    readers = _readers(message)
    if not readers:
        raise MessageError("not_supported" if message.code in _CODES else "type_not_accepted")
    asked = [one for one in readers if not one.types.isdisjoint(accepts)]
    if not asked:
        raise MessageError("type_not_accepted")
    made = [event for one in asked for event in one.events(message, accepts, options)]
    whole, ack_asked = Part(Rows(message)), hl7_ack.asked(message)
    return [
        replace(event, origin=event.origin or whole, application_ack=ack_asked) for event in made
    ]


def _readers(message: Hl7) -> list[_Translator]:
    return [one for one in _TRANSLATORS if one.reads(message)]
