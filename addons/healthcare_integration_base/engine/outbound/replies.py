# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What handlers have to say to others about the messages of a batch."""

ANSWERED = ("done", "duplicate", "superseded")
"""A message that waits is handled once more, and speaks then."""


def send(env, items):
    """Queue the replies of the items that had their effect, in the present transaction."""
    speaking = [item for item in items if item.replies and item.state in ANSWERED]
    known_by = _known_by(env.cr, speaking)
    for item in speaking:
        cause = env["hc.message"].browse(item.message_id)
        company = env["res.company"].browse(item.company_id)
        for reply in item.replies:
            key = reply.options["key"] or f"{reply.type}/{known_by[item.message_id]}"
            options = {**reply.options, "key": key}
            env["hc.outbox"]._send(reply.type, reply.data, company=company, cause=cause, **options)


def _known_by(cr, items):
    """Idempotency keys: a message that is lost in a restore and sent again has the same one,
    and so has its reply."""
    if not items:
        return {}
    cr.execute(
        "SELECT id, idempotency_key FROM hc_message WHERE id = ANY(%s)",
        [[item.message_id for item in items]],
    )
    return dict(cr.fetchall())
