# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Documents of the standards on a channel's own address."""

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
    kept = {"hl7v2": _keep_hl7, "fhir": _keep_fhir}[channel.format]
    return kept(caller, channel, raw)


def read(channel, raw):
    """The canonical events of a document."""
    if channel.format == "hl7v2":
        return _hl7_events(channel, hl7_message(raw))
    return fhir.events(fhir_resource(raw), channel.types, channel.options)


def hl7_message(raw):
    """The parsed HL7 v2 message of the request."""
    _found, charset = require_media_type(*HL7_TYPES)
    return hl7v2.parse(raw, charset)


def fhir_resource(raw):
    """The parsed FHIR resource of the request."""
    require_media_type(*FHIR_TYPES)
    return guard.parse_json(raw)


def check_processing_id(caller, message):
    """Messages of tests and trainings never reach production (MSH-11, table 0103)."""
    if caller.system.environment == "production" and message.processing_id in ("T", "D"):
        raise MessageError("processing_id_mismatch")


def _hl7_events(channel, message):
    return hl7v2.events(message, channel.types, channel.options)


def _keep_hl7(caller, channel, raw):
    message = hl7v2.parse_header(raw)
    intake = Intake(caller)
    try:
        message = hl7_message(raw)
        check_processing_id(caller, message)
        intake.keep(intake.group([(channel, event) for event in _hl7_events(channel, message)]))
    except MessageError as error:
        trail.refused([error])
        return hl7_answers.ack(message, error)
    return hl7_answers.ack(message)


def _keep_fhir(caller, channel, raw):
    try:
        intake, events = Intake(caller), read(channel, raw)
        stored = intake.keep(intake.group([(channel, event) for event in events]))
    except MessageError as error:
        trail.refused([error])
        return fhir_answers.refusal(error)
    return fhir_answers.accepted(stored)
