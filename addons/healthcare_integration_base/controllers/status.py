# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.http import Controller

from ..messaging.errors import MessageError
from . import answers
from .door import authenticate, body, door


class Status(Controller):
    """What became of a message, and what a message has to look like."""

    @door("/hc/v1/messages/<string:message>", methods=["GET"])
    def message(self, message):
        """State, attempts, error code and effects, for the system that sent it."""
        caller = authenticate(body())
        found = caller.env["hc.message"]._status(message, caller.system.id)
        if found is None:
            raise MessageError("not_found")
        return answers.json_answer(found)

    @door("/hc/v1/contracts/<string:name>", methods=["GET"])
    def contract(self, name):
        """The JSON Schema of one message type."""
        caller = authenticate(body())
        message_type = caller.env["hc.message.type"]._named(name)
        if not message_type:
            raise MessageError("not_found")
        return answers.json_answer(
            message_type._contract().schema, content_type="application/schema+json"
        )
