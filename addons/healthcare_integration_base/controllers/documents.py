# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Documents of the standards on a channel's own address."""

from ..engine.hl7_door import Hl7Door
from ..messaging import guard
from ..messaging.errors import MessageError
from ..messaging.translate import fhir, hl7v2
from . import fhir_answers, hl7_answers, trail
from .door import require_media_type
from .intake import Intake

HL7_TYPES = ("application/hl7-v2", "x-application/hl7-v2+er7", "application/hl7-v2+er7")
FHIR_TYPES = ("application/fhir+json", "application/json")


def answer(caller, channel, raw):
    """Keep a document on one channel, and answer in the way of its standard."""
    if channel.format == "hl7v2":
        return take_hl7(caller, raw, channel)
    return _keep_fhir(caller, channel, raw)


def read(channel, raw):
    """The canonical events of a document."""
    if channel.format == "hl7v2":
        message = hl7v2.parse(raw, _hl7_charset())
        return hl7v2.events(message, channel.types, channel.options)
    return fhir.events(fhir_resource(raw), channel.types, channel.options)


def take_hl7(caller, raw, channel=None):
    """Keep a message of HL7 v2 and acknowledge it.

    :param channel: the one that it was sent to; none: those that its header finds
    """
    way = Hl7Door(caller.env, caller.system, caller.may_use)
    try:
        charset = _hl7_charset()
    except MessageError as error:
        return hl7_answers.answer(way.refuse(raw, error))
    return hl7_answers.answer(way.take(raw, charset, channel))


def _hl7_charset():
    """The character set that the request names for its message."""
    _found, charset = require_media_type(*HL7_TYPES)
    return charset


def fhir_resource(raw):
    """The parsed FHIR resource of the request."""
    require_media_type(*FHIR_TYPES)
    return guard.parse_json(raw)


def _keep_fhir(caller, channel, raw):
    try:
        intake, events = Intake(caller), read(channel, raw)
        group = intake.group([(channel, event) for event in events], raw)
        stored = intake.keep(group)
    except MessageError as error:
        trail.refused([error])
        return fhir_answers.refusal(error)
    return fhir_answers.accepted(stored, group.entries)
