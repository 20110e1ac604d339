# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Sentences about events of the audit trail, for people."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

PHRASES = {
    "access.granted": _lt("%(who)s gave a role to %(what)s"),
    "access.revoked": _lt("%(who)s took a role from %(what)s"),
    "audit.exported": _lt("%(who)s exported the audit trail"),
    "channel.paused": _lt("%(who)s paused the channel %(what)s"),
    "channel.resumed": _lt("%(who)s resumed the channel %(what)s"),
    "config.changed": _lt("%(who)s changed %(what)s"),
    "config.created": _lt("%(who)s made %(what)s"),
    "config.deleted": _lt("%(who)s deleted %(what)s"),
    "content.exported": _lt("%(who)s exported the content of %(what)s"),
    "content.read": _lt("%(who)s read the content of %(what)s"),
    "credential.used": _lt("%(system)s logged in with %(what)s"),
    "data.exported": _lt("%(who)s exported a list: %(what)s"),
    "endpoint.breaker_closed": _lt("%(who)s had sending to %(what)s resumed"),
    "endpoint.secret_set": _lt("%(who)s set a secret of %(what)s"),
    "endpoint.tested": _lt("%(who)s tested %(what)s"),
    "erasure.cancelled": _lt("%(who)s cancelled the erasure %(what)s"),
    "erasure.confirmed": _lt("%(who)s confirmed the erasure %(what)s"),
    "erasure.done": _lt("%(who)s had a person erased: %(what)s"),
    "erasure.requested": _lt("%(who)s asked for the erasure %(what)s"),
    "hold.placed": _lt("%(who)s placed the legal hold %(what)s"),
    "hold.released": _lt("%(who)s released the legal hold %(what)s"),
    "mapping.activated": _lt("%(who)s activated the mapping %(what)s"),
    "mapping.retired": _lt("%(who)s retired the mapping %(what)s"),
    "message.asked": _lt("Odoo asked %(system)s whether it has the message %(what)s"),
    "message.cancelled": _lt("%(who)s cancelled the message %(what)s"),
    "message.delivered": _lt("Odoo delivered the message %(what)s to %(system)s"),
    "message.handled": _lt("Odoo handled the message %(what)s of %(system)s: %(outcome)s"),
    "message.queued": _lt("Odoo queued the message %(what)s for %(system)s"),
    "message.received": _lt("%(system)s sent the message %(what)s"),
    "message.refused": _lt("A message of %(system)s was refused: %(code)s"),
    "message.replayed": _lt("%(who)s replayed the message %(what)s"),
    "message.resumed": _lt("%(who)s resumed the message %(what)s"),
    "message.sent": _lt("Odoo sent the message %(what)s to %(system)s: %(outcome)s"),
    "message.settled": _lt("%(who)s settled the unknown outcome of %(what)s: %(outcome)s"),
    "message.skipped": _lt("%(who)s said that %(what)s was handled elsewhere"),
    "message.unknown": _lt("The outcome of %(what)s is unknown"),
    "message.validated": _lt("%(system)s tried out messages; nothing was kept"),
    "original.access_granted": _lt("%(who)s let the original of %(what)s be opened"),
    "original.access_refused": _lt("%(who)s refused the original of %(what)s"),
    "original.access_requested": _lt("%(who)s asked for the original of %(what)s"),
    "original.approved": _lt("%(who)s approved sealed originals of %(what)s"),
    "original.emergency": _lt("%(who)s broke the glass of %(what)s"),
    "original.emergency_reviewed": _lt("%(who)s reviewed the emergency of %(what)s"),
    "original.opened": _lt("%(who)s wanted the original of %(what)s: %(outcome)s"),
    "original.requested": _lt("%(who)s asked for sealed originals of %(what)s"),
    "original.stopped": _lt("%(who)s stopped sealed originals of %(what)s"),
    "patient.search": _lt("%(who)s looked for a patient in %(what)s"),
    "pseudonym_key.removed": _lt("%(who)s removed the pseudonym key %(what)s"),
    "pseudonym_key.rotated": _lt("%(who)s replaced a pseudonym key: %(what)s"),
    "replay.approved": _lt("%(who)s approved the replay %(what)s"),
    "replay.cancelled": _lt("%(who)s cancelled the replay %(what)s"),
    "replay.dry_run": _lt("%(who)s tried out a replay; nothing was kept"),
    "replay.prepared": _lt("%(who)s prepared the replay %(what)s"),
    "replay.started": _lt("%(who)s started the replay %(what)s"),
    "request.refused": _lt("%(system)s was refused: %(code)s"),
    "retention.run": _lt("Content was pruned by the retention rules: %(what)s"),
    "restore.started": _lt("%(who)s started the restore %(what)s"),
    "sync.finished": _lt("The run %(what)s ended: %(outcome)s"),
    "sync.requested": _lt("%(who)s asked for the run %(what)s"),
}
OTHERWISE = _lt("%(who)s: %(action)s, %(what)s")
BECAUSE = _lt("%(sentence)s, because “%(reason)s”")


def sentence(event, label):
    """Who did what, and why, in the user's language.

    :param label: the name of the action
    """
    translate = event.env._
    names = {
        "who": event.user_id.sudo().name or translate("Somebody"),
        "what": event.object_name or translate("the server"),
        "system": event.system_id.sudo().name or translate("A system"),
        "outcome": _outcome(event),
        "code": event.code or "",
        "action": label,
    }
    said = translate(PHRASES.get(event.action, OTHERWISE)) % names
    if not event.reason:
        return said
    return translate(BECAUSE) % {"sentence": said, "reason": event.reason}


def _outcome(event):
    labels = dict(event._fields["outcome"]._description_selection(event.env))
    return labels.get(event.outcome) or event.outcome or ""
