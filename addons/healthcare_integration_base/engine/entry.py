# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From an event to what the ledger may keep of it on one channel."""

from ..messaging.errors import MessageError
from ..messaging.intake import prepare
from .ledger import Entry


def entry(channel, event, ring):
    """Map, validate and minimize an event for a channel.

    :raise MessageError: when the channel does not take its type, or it breaks its contract.
    """
    known = channel.types.get(event.type)
    if known is None:
        raise MessageError("type_not_accepted")
    prepared = prepare(event, known[1], ring, channel_key=str(channel.id), table=channel.mapping)
    return Entry(channel, prepared, channel.format)
