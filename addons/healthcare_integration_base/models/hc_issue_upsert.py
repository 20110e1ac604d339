# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The two statements with which failures become issues, whatever their number."""

UPSERT_COLUMNS = (
    "fingerprint",
    "system_id",
    "channel_id",
    "company_id",
    "error_code",
    "subject",
    "fix_kind",
    "fix_namespace",
    "fix_code_system",
    "fix_value",
    "fix_facility",
    "state",
    "user_id",
    "message_count",
    "create_uid",
    "write_uid",
)
UPSERT_ROW = "(" + "%s, " * len(UPSERT_COLUMNS) + "now() AT TIME ZONE 'UTC', " * 5 + "0)"

# "News" is an issue that is new or was resolved: its owner is told, once.
UPSERT = """
INSERT INTO hc_issue AS issue
    (fingerprint, system_id, channel_id, company_id, error_code, subject, fix_kind,
     fix_namespace, fix_code_system, fix_value, fix_facility, state, user_id, message_count,
     create_uid, write_uid, first_seen, last_seen, create_date, write_date, reopened_at,
     reopened_count)
VALUES %s
ON CONFLICT (fingerprint) DO UPDATE SET
    message_count = issue.message_count + EXCLUDED.message_count,
    last_seen = EXCLUDED.reopened_at,
    write_date = EXCLUDED.reopened_at,
    channel_id = COALESCE(EXCLUDED.channel_id, issue.channel_id),
    user_id = COALESCE(issue.user_id, EXCLUDED.user_id),
    reopened_count = issue.reopened_count + (issue.state = 'resolved')::int,
    reopened_at = CASE WHEN issue.state = 'resolved' THEN EXCLUDED.reopened_at
                       ELSE issue.reopened_at END,
    state = CASE WHEN issue.state <> 'resolved' THEN issue.state
                 WHEN COALESCE(issue.user_id, EXCLUDED.user_id) IS NULL THEN 'open'
                 ELSE 'assigned' END
RETURNING fingerprint, id, reopened_at = now() AT TIME ZONE 'UTC'
"""

LINK = """
UPDATE hc_message m SET issue_id = v.issue_id
  FROM (VALUES %s) AS v(message_id, issue_id) WHERE m.id = v.message_id
"""
