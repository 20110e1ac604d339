# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""When a credential was last used, to within a few minutes: a write per request would
cost more than the request and make one row the bottleneck of all.

The first use in an hour is a login of its system, and is told to the audit trail in the same
statement.
"""

import json
import logging
import time

import psycopg2

_logger = logging.getLogger(__name__)
PRECISION_SECONDS = 300
_seen = {}
USED = """
WITH before AS (
    SELECT c.id, c.system_id, c.company_id, c.last_used_at, s.user_id
      FROM hc_credential c JOIN hc_system s ON s.id = c.system_id WHERE c.id = %(id)s
), used AS (
    UPDATE hc_credential SET last_used_at = now() AT TIME ZONE 'UTC' WHERE id = %(id)s
)
SELECT hc_audit.append(jsonb_build_array(%(event)s::jsonb || jsonb_build_object(
           'object', 'hc.credential,' || before.id, 'user_id', before.user_id,
           'system_id', before.system_id, 'company_id', before.company_id)))
  FROM before
 WHERE %(traced)s AND (before.last_used_at IS NULL
       OR before.last_used_at < date_trunc('hour', now() AT TIME ZONE 'UTC'))
"""
LOGIN = json.dumps({"action": "credential.used", "outcome": "done"})


def remember(registry, credential_id, traced=True):
    """Note the use of a credential, at the most once in five minutes and process.

    :param traced: whether it is a login; a request that leaves an event of its own and
        nothing else is none
    """
    now, key = time.monotonic(), (registry.db_name, credential_id)
    if now - _seen.get(key, -PRECISION_SECONDS) < PRECISION_SECONDS:
        return
    _seen[key] = now
    try:
        with registry.cursor() as cr:
            cr.execute(
                USED, {"id": credential_id, "event": LOGIN, "traced": traced}, log_exceptions=False
            )
    except psycopg2.errors.SerializationFailure:
        _logger.debug("Another worker has just noted the use of credential %s", credential_id)
