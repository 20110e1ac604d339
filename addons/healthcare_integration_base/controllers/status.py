# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import re

from odoo.http import Controller

from ..messaging.errors import MessageError
from . import answers
from .door import authenticate, body, door

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
TYPE = re.compile(r"[a-z][a-z0-9_.]{0,126}\.v[0-9]{1,4}", re.ASCII)


class Status(Controller):
    """What became of a message, and what a message has to look like."""

    @door("/hc/v1/messages/<string:message>", methods=["GET"])
    def message(self, message):
        """State, attempts, error code and effects, for the system that sent it."""
        caller = authenticate(body())
        found = None
        if UUID.fullmatch(message):
            found = caller.env["hc.message"]._status(message, caller.system.id)
        if found is None:
            raise MessageError("not_found")
        return answers.json_answer(found)

    @door("/hc/v1/contracts/<string:name>", methods=["GET"])
    def contract(self, name):
        """The JSON Schema of one message type."""
        caller = authenticate(body())
        if not TYPE.fullmatch(name):
            raise MessageError("not_found")
        message_type = caller.env["hc.message.type"]._named(name)
        if not message_type:
            raise MessageError("not_found")
        return answers.json_answer(
            message_type._contract().schema, content_type="application/schema+json"
        )
