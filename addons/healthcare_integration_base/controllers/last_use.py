# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""When a credential was last used, to within a few minutes: a write per request would
cost more than the request and make one row the bottleneck of all."""

import logging
import time

import psycopg2

_logger = logging.getLogger(__name__)
PRECISION_SECONDS = 300
_seen = {}


def remember(registry, credential_id):
    """Note the use of a credential, at the most once in five minutes and process."""
    now, key = time.monotonic(), (registry.db_name, credential_id)
    if now - _seen.get(key, -PRECISION_SECONDS) < PRECISION_SECONDS:
        return
    _seen[key] = now
    try:
        with registry.cursor() as cr:
            cr.execute(
                "UPDATE hc_credential SET last_used_at = now() AT TIME ZONE 'UTC' WHERE id = %s",
                [credential_id],
                log_exceptions=False,
            )
    except psycopg2.errors.SerializationFailure:
        _logger.debug("Another worker has just noted the use of credential %s", credential_id)
