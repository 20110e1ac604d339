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
    UPDATE hc_credential SET last_used_at = now() AT TIME ZONE 'UTC', last_used_from = %(from)s
     WHERE id = %(id)s
)
SELECT hc_audit.append(jsonb_build_array(%(event)s::jsonb || jsonb_build_object(
           'object', 'hc.credential,' || before.id, 'user_id', before.user_id,
           'system_id', before.system_id, 'company_id', before.company_id)))
  FROM before
 WHERE %(traced)s AND (before.last_used_at IS NULL
       OR before.last_used_at < date_trunc('hour', now() AT TIME ZONE 'UTC'))
"""
LOGIN = json.dumps({"action": "credential.used", "outcome": "done"})

# Where only the fingerprint was entered, the certificate itself says until when it is good.
SHOWN = """
    UPDATE hc_credential_certificate
       SET last_used_at = now() AT TIME ZONE 'UTC', subject = coalesce(subject, %(subject)s),
           not_before = %(begin)s, not_after = %(end)s,
           expires_at = least(%(end)s, valid_until)
     WHERE credential_id = %(credential)s AND thumbprint = %(thumbprint)s
"""


def is_fresh(registry, credential_id):
    """Whether this process has noted the use of a credential a moment ago."""
    seen = _seen.get((registry.db_name, credential_id), -PRECISION_SECONDS)
    return time.monotonic() - seen < PRECISION_SECONDS


def remember(registry, credential_id, address="", certificate=None, traced=True):
    """Note the use of a credential; the caller asks before whether that is fresh already.

    :param address: of the client, as far as it is proven
    :param certificate: that the client has shown
    :param traced: whether it is a login; a request that leaves an event of its own and
        nothing else is none
    """
    values = {
        "id": credential_id,
        "from": address or None,
        "event": LOGIN,
        "traced": traced,
    }
    _seen[registry.db_name, credential_id] = time.monotonic()
    try:
        with registry.cursor() as cr:
            cr.execute(USED, values, log_exceptions=False)
            if certificate is not None:
                _remember_certificate(cr, credential_id, certificate)
    except psycopg2.errors.SerializationFailure:
        _logger.debug("Another worker has just noted the use of credential %s", credential_id)


def _remember_certificate(cr, credential_id, certificate):
    cr.execute(
        SHOWN,
        {
            "subject": certificate.subject,
            "begin": certificate.not_before,
            "end": certificate.not_after,
            "credential": credential_id,
            "thumbprint": certificate.thumbprint,
        },
        log_exceptions=False,
    )
