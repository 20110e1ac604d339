# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.http import Response

from ..messaging.translate import hl7v2
from . import answers

CONTENT_TYPE = "application/hl7-v2"


def ack(message, error=None, entries=()):
    """The acknowledgement as the body; 200 when accepted, else the error's status."""
    charset = message.charset if message is not None else "utf-8"
    return Response(
        hl7v2.ack(message, error),
        status=error.spec.status if error else 200,
        headers=[
            ("Cache-Control", "no-store"),
            *(answers.error_headers(error) if error else answers.notices(entries)),
        ],
        content_type=f"{CONTENT_TYPE}; charset={charset}",
    )


def answer(taken):
    """What became of a message."""
    entries = taken.group.entries if taken.group is not None else ()
    return ack(taken.message, taken.error, entries)


def refusal(error):
    """For errors that came before the message could be read."""
    return ack(None, error)
