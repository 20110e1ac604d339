# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json

from odoo.http import Controller, request

from ..engine.channels import check_open, is_known
from ..engine.ledger import Group
from ..messaging.errors import MessageError
from ..messaging.translate import fhir
from . import fhir_answers, trail
from .documents import fhir_resource
from .door import BATCH_LIMIT, authenticate, body, door
from .intake import Intake


class Fhir(Controller):
    """``/hc/fhir/R4``: single resources, and Bundles of them."""

    @door("/hc/fhir/R4/<string:resource_type>", methods=["POST"], render=fhir_answers.refusal)
    def create_resource(self, resource_type):
        """One resource (http://hl7.org/fhir/R4/http.html#create)."""
        return _one(lambda resource: fhir.check_type(resource, resource_type))

    @door(
        "/hc/fhir/R4/<string:resource_type>/<string:resource_id>",
        methods=["PUT"],
        render=fhir_answers.refusal,
    )
    def update_resource(self, resource_type, resource_id):
        """One resource under its own id (http://hl7.org/fhir/R4/http.html#update)."""
        return _one(lambda resource: fhir.check_type(resource, resource_type, resource_id))

    @door("/hc/fhir/R4", methods=["POST"], limit=BATCH_LIMIT, render=fhir_answers.refusal)
    def bundle(self):
        """A transaction, all or nothing, or a batch, each entry for itself."""
        raw = body(BATCH_LIMIT)
        caller = authenticate(raw)
        kind, entries = fhir.bundle_entries(fhir_resource(raw))
        results, kept = _KEEP[kind](Intake(caller), entries, raw)
        trail.refused([result for result in results if isinstance(result, MessageError)])
        return fhir_answers.bundle(kind, results, kept)


def _one(check):
    raw = body()
    caller = authenticate(raw)
    _refuse_conditions()
    resource = fhir_resource(raw)
    check(resource)
    intake = Intake(caller)
    group = intake.group(_events(caller, resource), raw)
    stored = intake.keep(group)
    return fhir_answers.accepted(stored, group.entries)


def _refuse_conditions():
    """A condition that is ignored is a condition that is broken."""
    headers = request.httprequest.headers
    if any(name in headers for name in ("If-None-Exist", "If-Match", "If-None-Match")):
        raise MessageError("conditional_refused")


def _events(caller, resource):
    """``(channel, event)`` for every channel of the system that takes the resource."""
    wanted = fhir.types_of(resource)
    channels = [
        channel
        for channel in caller.system.channels
        if is_known(channel)
        and not channel.batch_only
        and channel.format == "fhir"
        and caller.may_use(channel)
        and not wanted.isdisjoint(channel.types)
    ]
    if not channels:
        raise MessageError("not_supported")
    for channel in channels:
        check_open(channel)
    return [
        (channel, event)
        for channel in channels
        for event in fhir.events(resource, channel.types, channel.options)
    ]


def _transaction(intake, entries, raw):
    """One group for all entries: kept whole or not at all."""
    groups = [intake.group(_events(intake.caller, entry.checked())) for entry in entries]
    entries = [one for group in groups for one in group.entries]
    stored = intake.keep(Group(entries, weight=len(groups), original=raw))
    results, start = [], 0
    for group in groups:
        results.append(stored[start : start + len(group.entries)])
        start += len(group.entries)
    return results, entries


def _batch(intake, entries, _raw):
    """A group for each entry: what is refused spoils no other."""
    groups = [_entry_group(intake, entry) for entry in entries]
    intake.keep_all(groups)
    kept = [group for group in groups if not isinstance(group.result, MessageError)]
    return [group.result for group in groups], [one for group in kept for one in group.entries]


def _entry_group(intake, entry):
    try:
        resource = entry.checked()
        # Its own part of the bundle; numbers with decimals come out as texts.
        return intake.group(
            _events(intake.caller, resource), lambda: json.dumps(resource, default=str).encode()
        )
    except MessageError as error:
        return Group([], error)


_KEEP = {"transaction": _transaction, "batch": _batch}
