# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.http import Controller

from ..messaging.errors import MessageError
from ..messaging.translate import hl7v2
from . import hl7_answers, trail
from .documents import check_processing_id, hl7_message
from .door import authenticate, body, check_open, door, is_known
from .intake import Intake


class Hl7v2(Controller):
    """``/hc/v1/hl7v2``: HL7 v2 over HTTP; the channels are found by MSH-3, 4 and 9."""

    @door("/hc/v1/hl7v2", methods=["POST"], render=hl7_answers.refusal)
    def post(self):
        raw = body()
        caller = authenticate(raw)
        intake, message = Intake(caller), hl7v2.parse_header(raw)
        try:
            message = hl7_message(raw)
            check_processing_id(caller, message)
            hl7v2.check_version(message)
            intake.keep(intake.group(_events(caller, message)))
        except MessageError as error:
            trail.refused([error])
            return hl7_answers.ack(message, error)
        return hl7_answers.ack(message)


def _events(caller, message):
    """``(channel, event)`` for every channel of the system that takes the message."""
    channels = [c for c in caller.system.channels if _takes(c, message) and caller.may_use(c)]
    if not channels:
        raise MessageError("type_not_accepted")
    for channel in channels:
        check_open(channel)
    return [
        (channel, event)
        for channel in channels
        for event in hl7v2.events(message, channel.types, channel.options)
    ]


def _takes(channel, message):
    return (
        is_known(channel)
        and not channel.batch_only
        and channel.format == "hl7v2"
        and channel.hl7_sending_application in ("", message.sending_application)
        and channel.hl7_sending_facility in ("", message.sending_facility)
        and not hl7v2.types_of(message).isdisjoint(channel.types)
    )
