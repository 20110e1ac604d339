# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is said of a message that came to a channel in shadow."""

from __future__ import annotations

from .errors import ErrorSpec, Kind, register

SHADOW = "shadow"

register(
    ErrorSpec(
        SHADOW,
        0,
        Kind.PERSON,
        "The channel is on trial: the effect was planned, and not made.",
        "Nothing, while the channel is tried out. To have the effect, activate the channel and "
        "replay the message.",
        "processing",
        ("E", "207"),
    )
)
