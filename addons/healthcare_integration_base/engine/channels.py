# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which channels senders may know of, and send to, now; the same for every door."""

from ..messaging.errors import MessageError
from ..models.wire_config import ChannelConfig

PAUSED_RETRY_SECONDS = 60
RUNNING = ("shadow", "active", "deprecated")
"""States in which what comes is taken and looked at as usual."""
UNKNOWN_STATES = ("draft", "in_review", "retired")


def is_known(channel: ChannelConfig):
    """Whether senders may know of the channel at all."""
    return channel.direction == "in" and channel.state not in UNKNOWN_STATES


def check_open(channel: ChannelConfig):
    """A paused channel asks its senders to come back, unless only its handling is paused."""
    if channel.state == "paused" and not channel.is_held:
        raise MessageError("paused", retry_after=PAUSED_RETRY_SECONDS)
