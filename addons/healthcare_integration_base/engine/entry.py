# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From an event to what the ledger may keep of it on one channel."""

from ..messaging.errors import MessageError
from ..messaging.intake import prepare
from .channels import PAUSED_RETRY_SECONDS
from .ledger import Entry


def entry(channel, event, ring):
    """Map, validate and minimize an event for a channel.

    :raise MessageError: when the channel does not take its type, the type is paused, or the
        event breaks its contract.
    """
    known = channel.types.get(event.type)
    if known is None:
        raise MessageError("type_not_accepted")
    if event.type in channel.paused_types:
        raise MessageError("paused", retry_after=PAUSED_RETRY_SECONDS)
    prepared = prepare(event, known[1], ring, channel_key=str(channel.id), table=channel.mapping)
    return Entry(channel, prepared, channel.format)
