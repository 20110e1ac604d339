# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What was told to a system about a record, so that it is known when it comes back.

One row of ``hc_exchange`` for each system, domain and record, written with the message that
tells it and forgotten when the system says something else: from then on the same content is
news again. The rows hold digests only.
"""

import json

from ..messaging import echo

TELL = """
INSERT INTO hc_exchange (system_id, domain, subject, facts, message_id, told_at)
SELECT s.system_id, s.domain, s.subject, s.facts, m.id, now() AT TIME ZONE 'UTC'
  FROM json_to_recordset(%s::json)
       AS s(uuid text, system_id integer, domain text, subject text, facts jsonb)
  JOIN hc_message m ON m.uuid = s.uuid
    ON CONFLICT (system_id, domain, subject) DO UPDATE
   SET facts = excluded.facts, message_id = excluded.message_id, told_at = excluded.told_at
"""
OURS = """
SELECT uuid, message_type_id FROM hc_message
 WHERE uuid = ANY(%s) AND system_id = %s AND direction = 'out'
"""
WINDOW = "24 hours"
"""For so long what was told is an echo by its content alone. Later a full export of the system
that says the same may be meant: it is handled, and the handler finds that nothing is new."""
TOLD = """
SELECT e.subject, e.facts, m.uuid,
       e.told_at > now() AT TIME ZONE 'UTC' - %s::interval AS is_fresh
  FROM hc_exchange e LEFT JOIN hc_message m ON m.id = e.message_id
 WHERE e.system_id = %s AND e.domain = %s AND e.subject = ANY(%s)
"""


def tell(env, rows):
    """Remember what leaves, in the transaction that queues it.

    :param rows: ``(ledger row as a dict, domain, members that name the record)``
    """
    ring = env["hc.keyring"]._ring()
    told = {}
    for row, domain, record in rows:
        subject = echo.subject(row["payload"], record, ring)
        if subject:
            told[row["system_id"], domain, subject] = {
                "uuid": row["uuid"],
                "system_id": row["system_id"],
                "domain": domain,
                "subject": subject,
                "facts": echo.facts(row["payload"], record, ring),
            }
    if told:
        ordered = [told[key] for key in sorted(told)]
        env.cr.execute(TELL, [json.dumps(ordered)], log_exceptions=False)


def screen(env, items, domain, record):
    """Tell the items that say back what was told their end, and return the others.

    :param items: of one message type and system, in the order of their arrival
    """
    system_id = items[0].system_id
    if not env["hc.system"]._has_outbound(system_id):
        return items
    ours = _ours(env.cr, items, system_id)
    subjects = _subjects(env, items, record) if domain else {}
    told = _told(env.cr, system_id, domain, set(subjects.values()))
    left = []
    for item in items:
        subject = subjects.get(item.message_id)
        if item.event_id in ours or _comes_back(env, item, record, ours, told.get(subject)):
            item.note("echo")
            continue
        told.pop(subject, None)
        left.append(item)
    return left


def forget(env, items, domain, record):
    """A system has said something else about these records: what was told is no more what it
    was told last."""
    system_id = items[0].system_id
    if not domain or not env["hc.system"]._has_outbound(system_id):
        return
    subjects = _subjects(env, [item for item in items if item.effects], record)
    if subjects:
        env.cr.execute(
            "DELETE FROM hc_exchange WHERE system_id = %s AND domain = %s AND subject = ANY(%s)",
            [system_id, domain, sorted(set(subjects.values()))],
        )


def _comes_back(env, item, record, ours, told):
    if told is None:
        return False
    facts, uuid, is_fresh = told
    caused_by_us = uuid is not None and item.causation == uuid and uuid in ours
    if not (is_fresh or caused_by_us):
        return False
    stated = echo.facts(item.data, record, env["hc.keyring"]._ring())
    return echo.is_echo(stated, facts, caused_by_us=caused_by_us)


def _ours(cr, items, system_id):
    """Which of the ids that the items name are those of messages that went to this system."""
    named = {item.event_id for item in items} | {item.causation for item in items} - {None}
    cr.execute(OURS, [sorted(named), system_id])
    return dict(cr.fetchall())


def _subjects(env, items, record):
    ring = env["hc.keyring"]._ring()
    found = {item.message_id: echo.subject(item.data, record, ring) for item in items}
    return {message_id: subject for message_id, subject in found.items() if subject}


def _told(cr, system_id, domain, subjects):
    if not subjects:
        return {}
    cr.execute(TOLD, [WINDOW, system_id, domain, sorted(subjects)])
    return {subject: told for subject, *told in cr.fetchall()}
