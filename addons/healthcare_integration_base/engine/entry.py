# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From an event to what the ledger may keep of it on one channel."""

from ..messaging.errors import MessageError
from ..messaging.intake import prepare
from .ledger import Entry


def entry(channel, event, ring):
    """Map, validate and minimize an event for a channel.

    :raise MessageError: when the channel does not take its type, when it breaks its contract,
        or when it comes from a test to production
    """
    if channel.is_foreign:
        raise MessageError("environment_mismatch")
    if event.is_test and not channel.takes_tests:
        raise MessageError("processing_id_mismatch")
    known = channel.types.get(event.type)
    if known is None:
        raise MessageError("type_not_accepted")
    prepared = prepare(event, known[1], ring, channel_key=str(channel.id), table=channel.mapping)
    return Entry(channel, prepared, channel.format)
