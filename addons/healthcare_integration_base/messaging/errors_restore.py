# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a restore of the database leaves open."""

from __future__ import annotations

from .errors import ErrorSpec, Kind, register

RESTORED = "restored_meanwhile"

register(
    ErrorSpec(
        RESTORED,
        0,
        Kind.UNKNOWN,
        "The database was restored to a moment before it may have been sent.",
        "Ask the receiver whether it has the message, then say so by the buttons.",
        "processing",
        ("E", "207"),
    )
)
