# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From canonical events to the ledger, for every format alike."""

from ..engine import pressure, pseudonyms
from ..engine.entry import entry
from ..engine.item import Item
from ..engine.ledger import Group, Ledger, company_of
from ..engine.run import plan
from ..messaging.errors import MessageError


class Intake:
    """Takes the events of one caller."""

    def __init__(self, caller):
        self.env = caller.env
        self.caller = caller
        self.ring = self.env["hc.keyring"]._ring()

    def entry(self, channel, event):
        """Validate and minimize an event for a channel.

        :raise MessageError: when the channel does not take its type, or it breaks its contract.
        """
        return entry(channel, event, self.ring)

    def group(self, pairs, original=None):
        """Entries of one document, ``(channel, event)`` each, kept whole or not at all.

        :param original: what the sender wrote, or what gives it
        """
        return Group([self.entry(channel, event) for channel, event in pairs], original=original)

    def keep(self, group):
        """Put one document into the ledger.

        :return: what was stored of it, in order.
        """
        self.keep_all([group])
        if isinstance(group.result, MessageError):
            raise group.result
        return group.result

    def keep_all(self, groups):
        """Put many documents into the ledger, each with its own result."""
        pressure.admit(self.env.cr, self.caller.system, groups)
        Ledger(self.env, self.caller.system).store(groups)

    def plan(self, entries):
        """The minimized events and what they would bring about; nothing is kept."""
        planned = [self._plan_one(entry) for entry in entries]
        self.env.invalidate_all(flush=False)
        self._audit_plan(entries)
        return planned

    def _plan_one(self, entry):
        prepared, channel = entry.prepared, entry.channel
        item = Item(
            message_id=0,
            uuid="",
            type=prepared.type,
            data=pseudonyms.resolve(self.env, [prepared.payload], prepared.former)[0],
            system_id=self.caller.system.id,
            channel=self.env["hc.channel"].browse(channel.id),
            company_id=company_of(self.caller.system, channel, prepared.payload),
            event_id=prepared.message_identifier,
            source=prepared.source,
            event_time=prepared.time,
            weak_key=prepared.weak_key,
            causation=prepared.causation_identifier,
        )
        effects = [] if prepared.ignored else plan(self.env, [item])[0]
        return {
            "channel": channel.code,
            "type": prepared.type,
            "id": prepared.message_identifier,
            "event": prepared.payload,
            "dropped": prepared.dropped,
            "ignored": prepared.ignored,
            "plan": effects,
        }

    def _audit_plan(self, entries):
        cr = self.env.cr
        cr.rollback()
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "message.validated",
                    "outcome": "valid",
                    "user_id": self.caller.system.user_id,
                    "system_id": self.caller.system.id,
                    "company_id": self.caller.system.company_id,
                    "events": len(entries),
                }
            ]
        )
        cr.commit()  # pylint: disable=invalid-commit
