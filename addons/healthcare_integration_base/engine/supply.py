# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A mapping that is supplied while its message is just being handled.

The handler does not see it yet, and whoever supplied it does not see the issue yet: each
looks in a snapshot that is older than the other's commit. So both look once more after
their own commit; here is the handler's side, ``hc.issue._fixed_many`` is the other.
"""


def missing(env, items):
    """What the messages in review wait for, and how the database stood for each.

    :return: dict of message id to (need, stamp) pairs, for :func:`resume_supplied`.
    """
    needs = {
        item.message_id: {
            (item.system_id, item.channel.id, one.fix)
            for one in item.occurrences
            if one.fix is not None and one.fix.kind != "none"
        }
        for item in items
        if item.state == "review"
    }
    stamps = _stamps(env, {need for found in needs.values() for need in found})
    return {
        message_id: {need: stamps[need] for need in found}
        for message_id, found in needs.items()
        if found
    }


def resume_supplied(env, waiting):
    """Resume the messages for which something has changed since :func:`missing`.

    Only a change resumes, so a mapping that does not help is not tried again and again.
    """
    if not waiting:
        return
    env.invalidate_all(flush=False)
    now = _stamps(env, {need for found in waiting.values() for need in found})
    changed = [
        message_id
        for message_id, found in waiting.items()
        if any(now[need] != stamp for need, stamp in found.items())
    ]
    if changed:
        env["hc.message"].browse(changed)._sudo_resume()
    env.cr.commit()  # pylint: disable=invalid-commit


def _stamps(env, needs):
    return {need: env["hc.issue"]._supply_stamp(*need) for need in needs}
