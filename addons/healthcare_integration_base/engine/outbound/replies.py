# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What handlers have to say to others about the messages of a batch."""

ANSWERED = ("done", "duplicate", "superseded")
"""A message that waits is handled once more, and speaks then."""


def send(env, items):
    """Queue the replies of the items that had their effect, in the present transaction."""
    speaking = [item for item in items if item.replies and item.state in ANSWERED]
    for item in speaking:
        cause = env["hc.message"].browse(item.message_id)
        company = env["res.company"].browse(item.company_id)
        for reply in item.replies:
            env["hc.outbox"]._send(
                reply.type, reply.data, company=company, cause=cause, **reply.options
            )
