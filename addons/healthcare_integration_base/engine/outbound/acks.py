# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Noting that a sender waits to hear what became of its HL7 v2 message (MSH-16).

A message can be several rows of the ledger, and the last of them to come to its end may do
so while another one does. So each leaves a note, and whoever reads the notes afterwards, one
after the other, sees all of them.
"""

KIND = "hl7_ack"
FINAL = ("done", "duplicate", "superseded", "rejected", "cancelled", "dead")


def due(env, message_ids):
    """Leave a note for those of the messages that have come to their end and are asked for."""
    if not message_ids:
        return
    env.cr.execute(
        "INSERT INTO hc_dirty_key (kind, company_id, key, attempt_count, next_attempt_at,"
        " create_date) SELECT DISTINCT %s, company_id, jsonb_build_object('system', system_id,"
        " 'correlation', correlation_identifier), 0, now() AT TIME ZONE 'UTC',"
        " now() AT TIME ZONE 'UTC' FROM hc_message WHERE id = ANY(%s) AND direction = 'in'"
        " AND state = ANY(%s) AND application_ack ? 'when'",
        [KIND, list(message_ids), list(FINAL)],
    )
    if env.cr.rowcount:
        env.cr.postcommit.add(env["hc.dirty.key"]._wake)
