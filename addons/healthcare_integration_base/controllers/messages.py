# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.http import Controller, request

from ..messaging import envelope, guard
from ..messaging.errors import MessageError
from . import answers, documents
from .door import authenticate, body, channel_of, door, fallback_id, require_media_type
from .intake import Intake

STRUCTURED = "application/cloudevents+json"
BINARY = "application/json"


class Messages(Controller):
    """``/hc/v1/channels/{channel}/…``: one event, or a dry run of it."""

    @door("/hc/v1/channels/<string:channel>/messages", methods=["POST"])
    def post(self, channel):
        """Keep one event, or one document of the channel's format."""
        raw = body()
        caller = authenticate(raw)
        config = channel_of(caller, channel)
        if config.format != "cloudevents":
            return documents.answer(caller, config, raw)
        intake = Intake(caller)
        group = intake.group([(config, read_event(caller, config, raw))], raw)
        stored = intake.keep(group)
        return answers.json_answer(
            answers.accepted_body(stored, {config.id: config.code}),
            answers.accepted_status(stored),
            headers=answers.notices(group.entries),
        )

    @door("/hc/v1/channels/<string:channel>/validate", methods=["POST"])
    def validate(self, channel):
        """The minimized event and the plan of its effects; nothing is kept."""
        raw = body()
        caller = authenticate(raw)
        config = channel_of(caller, channel)
        intake = Intake(caller)
        events = read_events(caller, config, raw)
        planned = intake.plan([intake.entry(config, event) for event in events])
        return answers.json_answer({"valid": True, **planned[0], "events": planned})


def read_events(caller, channel, raw):
    """The canonical events of a body, whatever the format of its channel."""
    if channel.format != "cloudevents":
        return documents.read(channel, raw)
    return [read_event(caller, channel, raw)]


def read_event(caller, channel, raw):
    """One CloudEvent, structured or binary."""
    found, _charset = require_media_type(STRUCTURED, BINARY)
    data = guard.parse_json(raw)
    headers = request.httprequest.headers
    if found == STRUCTURED or not any(name.lower().startswith("ce-") for name, _value in headers):
        return envelope.parse_structured(data, fallback_id=fallback_id(caller))
    event = envelope.parse_binary(headers, data, fallback_id=fallback_id(caller))
    if caller.webhook_id is not None:
        _check_binding(caller, channel, event)
    return event


def _check_binding(caller, channel, event):
    """Only the body is signed: what the headers say has to be the credential's own."""
    bound = (
        event.id == caller.webhook_id
        and event.source in caller.credential.allowed_sources
        and event.type in channel.types
        and caller.credential.channel_ids is not None
    )
    if not bound:
        raise MessageError("binding_invalid")
