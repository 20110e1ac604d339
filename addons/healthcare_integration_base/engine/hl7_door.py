# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""HL7 v2 messages of one system that has proven who it is, whatever brings them: the web
door and MLLP take, refuse and acknowledge by the same rules."""

from dataclasses import dataclass

from ..messaging.errors import MessageError
from ..messaging.translate import hl7v2
from . import pressure, refusals
from .channels import check_open, is_known
from .entry import entry
from .ledger import Group, Ledger


@dataclass(slots=True)
class Taken:
    """What became of one message.

    :param message: what could be read of it: all, its header, or nothing
    :param error: why nothing of it was kept
    """

    message: hl7v2.Hl7 | None
    error: MessageError | None = None
    group: Group | None = None

    def acknowledgement(self) -> bytes:
        """The answer, whether or not the sender asks for one."""
        return hl7v2.ack(self.message, self.error)

    def is_answer_wanted(self) -> bool:
        """Whether MSH-15 asks for it (table 0155)."""
        return hl7v2.acknowledgement_wanted(self.message, self.error)


class Hl7Door:
    """Takes the messages of one sender.

    :param may_use: says of a channel whether the credential is good for it
    """

    def __init__(self, env, system, may_use=None):
        self.env = env
        self.system = system
        self._may_use = may_use or (lambda channel: True)

    def take(self, raw, charset=None, channel=None):
        """One message; it is kept, and committed, when the result has no error.

        :param channel: the one that it was sent to; none: those that MSH-3, 4 and 9 find
        """
        [taken] = self.take_all([raw], charset, channel)
        return taken

    def take_all(self, raws, charset=None, channel=None):
        """Several messages, each kept whole or not at all, in order and in one transaction."""
        ring = self.env["hc.keyring"]._ring()
        found = [self._judge(raw, charset, channel, ring) for raw in raws]
        groups = [taken.group for taken in found if taken.group is not None]
        pressure.admit(self.env.cr, self.system, groups)
        Ledger(self.env, self.system).store(groups)
        for taken in found:
            if taken.group is not None and isinstance(taken.group.result, MessageError):
                taken.error = taken.group.result
        refusals.record(self.env, self.system, [taken.error for taken in found if taken.error])
        return found

    def refuse(self, raw, error):
        """A message that is refused before it is read."""
        refusals.record(self.env, self.system, [error])
        return Taken(hl7v2.parse_header(raw), error)

    def _judge(self, raw, charset, channel, ring):
        message = None
        try:
            message = hl7v2.parse(raw, charset)
            self._check_processing_id(message)
            hl7v2.check_version(message)
            pairs = self._events(message, self._channels(message, channel))
            return Taken(message, group=Group([entry(*pair, ring) for pair in pairs], original=raw))
        except MessageError as error:
            return Taken(message or hl7v2.parse_header(raw), error)

    def _check_processing_id(self, message):
        """Messages of tests and trainings never reach production (MSH-11, table 0103)."""
        if self.system.environment == "production" and message.processing_id in ("T", "D"):
            raise MessageError("processing_id_mismatch")

    def _channels(self, message, channel):
        """Every channel of the system that takes the message."""
        if channel is not None:
            return [channel]
        found = [c for c in self.system.channels if takes(c, message) and self._may_use(c)]
        if not found:
            raise MessageError("type_not_accepted")
        for one in found:
            check_open(one)
        return found

    def _events(self, message, channels):
        """``(channel, event)`` of all of the message."""
        return [
            (channel, event)
            for channel in channels
            for event in hl7v2.events(message, channel.types, channel.options)
        ]


def takes(channel, message):
    """Whether a message is for a channel, by MSH-3, 4 and 9."""
    return (
        is_known(channel)
        and not channel.batch_only
        and channel.format == "hl7v2"
        and channel.hl7_sending_application in ("", message.sending_application)
        and channel.hl7_sending_facility in ("", message.sending_facility)
        and not hl7v2.types_of(message).isdisjoint(channel.types)
    )
