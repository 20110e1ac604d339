# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import gc

from odoo.http import Controller

from ..engine.ledger import Group
from ..messaging import envelope, guard
from ..messaging.errors import MessageError
from . import answers, trail
from .door import BATCH_LIMIT, authenticate, body, channel_of, door, require_media_type
from .intake import Intake

ARRAY = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"


class Batch(Controller):
    """``/hc/v1/channels/{channel}/messages/batch``: many events, an answer for each."""

    @door("/hc/v1/channels/<string:channel>/messages/batch", methods=["POST"], limit=BATCH_LIMIT)
    def post(self, channel):
        raw = body(BATCH_LIMIT)
        caller = authenticate(raw)
        config = channel_of(caller, channel)
        if config.format != "cloudevents":
            raise MessageError("unsupported_media_type")
        found, _charset = require_media_type(ARRAY, LINES)
        items = guard.split_array(raw) if found == ARRAY else guard.split_ndjson(raw)
        groups = _kept(Intake(caller), config, items)
        errors = [g.result for g in groups if isinstance(g.result, MessageError)]
        trail.refused(errors)
        answered = [_answer(index, group) for index, group in enumerate(groups)]
        kept = [g.entries[0] for g in groups if not isinstance(g.result, MessageError)]
        headers = [*_retry_after(errors), *answers.notices(kept)]
        return answers.json_answer({"items": answered}, 207, headers=headers)


def _kept(intake, channel, items):
    """Keep what can be kept; each group has its result.

    Thousands of small values come and go here, none of them in a cycle. The collector would
    look through the whole process for what it can free, again and again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        groups = [_group(intake, channel, item) for item in items]
        intake.keep_all(groups)
    finally:
        if was_enabled:
            gc.enable()
    return groups


def _retry_after(errors):
    """When the items that may be sent again may be: the longest of their times."""
    longest = max((error.retry_after or 0 for error in errors), default=0)
    return [("Retry-After", str(longest))] if longest else []


def _group(intake, channel, raw):
    """One item; what is wrong with it is its own result and spoils no other."""
    try:
        event = envelope.parse_structured(guard.parse_json(raw), fallback_id=None)
        return intake.group([(channel, event)], raw)
    except MessageError as error:
        return Group([], error)


def _answer(index, group):
    if isinstance(group.result, MessageError):
        error = answers.problem_body(group.result)
        return {"index": index, "status": error["status"], "error": error}
    stored = group.result[0]
    return {
        "index": index,
        "status": answers.accepted_status(group.result),
        "message_id": stored.uuid,
        "duplicate": stored.duplicate,
    }
