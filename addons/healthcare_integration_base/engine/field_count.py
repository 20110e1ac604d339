# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Adding up what was not kept, one day at a time (UTC).

A day is counted anew each time, so that nothing is counted twice and nothing that was
committed late is left out. Counts never go down: content that has been deleted since was
counted while it was there.
"""

from ..messaging.contract_fields import UNNAMED

MESSAGES = """
    SELECT channel_id, message_type_id, count(*) FROM hc_message
     WHERE create_date >= %(day)s AND create_date < %(day)s::date + 1
     GROUP BY channel_id, message_type_id
"""
DROPPED = """
    SELECT channel_id, message_type_id, lost.key, sum(lost.value::int)
      FROM hc_message, jsonb_each_text(dropped) AS lost
     WHERE create_date >= %(day)s AND create_date < %(day)s::date + 1
       AND jsonb_typeof(dropped) = 'object'
     GROUP BY channel_id, message_type_id, lost.key
"""
KEEP = """
    INSERT INTO hc_field_count (channel_id, system_id, company_id, message_type_id, pointer, day,
                                message_count, dropped_count)
    SELECT c.id, c.system_id, c.company_id, v.kind, v.pointer, v.day::date, v.messages, v.lost
      FROM (VALUES %s) AS v(channel, kind, pointer, day, messages, lost)
      JOIN hc_channel c ON c.id = v.channel
        ON CONFLICT (channel_id, message_type_id, pointer, day) DO UPDATE
       SET message_count = GREATEST(hc_field_count.message_count, excluded.message_count),
           dropped_count = GREATEST(hc_field_count.dropped_count, excluded.dropped_count)
"""


def roll_up(cr, day):
    """Count one day; the line of ``*`` is there for every type that came, also with nothing."""
    cr.execute(MESSAGES, {"day": day})
    messages = {(channel, kind): count for channel, kind, count in cr.fetchall()}
    cr.execute(DROPPED, {"day": day})
    lost = {(channel, kind, pointer): count for channel, kind, pointer, count in cr.fetchall()}
    for channel, kind in messages:
        lost.setdefault((channel, kind, UNNAMED), 0)
    rows = [
        (channel, kind, pointer, day, messages.get((channel, kind), 0), count)
        for (channel, kind, pointer), count in lost.items()
    ]
    if rows:
        cr.execute_values(KEEP, rows, page_size=1000)
