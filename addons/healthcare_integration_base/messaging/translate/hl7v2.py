# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""HL7 v2: what a message may become, its events, and its acknowledgement."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ..errors import MessageError
from ..event import Event
from . import hl7_dft
from .hl7_ack import ack, acknowledgement_wanted
from .hl7_message import Hl7, parse, parse_header

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


def check_version(message: Hl7) -> None:
    """Refuse what is not version 2."""
    if not _VERSION.fullmatch(message.version):
        raise MessageError("version_not_supported")


def types_of(message: Hl7) -> frozenset[str]:
    """Canonical types that a message of this kind can become."""
    if message.code == "DFT" and message.trigger in hl7_dft.TRIGGERS:
        return hl7_dft.TYPES
    return frozenset()


def events(message: Hl7, accepts: Collection[str], options: Mapping[str, str]) -> list[Event]:
    """The message as events of the accepted types; all of it, or a refusal."""
    check_version(message)
    if not types_of(message):
        raise MessageError("not_supported" if message.code == "DFT" else "type_not_accepted")
    return hl7_dft.events(message, accepts, options)
