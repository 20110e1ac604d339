# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the door writes down about access tokens, in transactions of its own."""

import hashlib
import logging
import time

import psycopg2

from odoo import SUPERUSER_ID, api

from ..messaging.errors import MessageError

_logger = logging.getLogger(__name__)
CRON = "healthcare_integration_base.cron_token_keys"
WISH_SECONDS = 60
_wished = {}

SPEND = """
    INSERT INTO hc_token_use (issuer_id, jti_digest, expires_at) VALUES (%s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING id
"""
WISH = """
    UPDATE hc_token_issuer SET refresh_wished_at = now() AT TIME ZONE 'UTC'
     WHERE id = %(issuer)s AND jwks_url IS NOT NULL AND (refresh_wished_at IS NULL
        OR refresh_wished_at < (now() AT TIME ZONE 'UTC') - %(seconds)s * interval '1 second')
    RETURNING id
"""


def spend(registry, issuer_id, claims):
    """Use up a token that is good for one request; committed before the request goes on.

    :raise MessageError: ``token_replayed``, to all but one of those that come at once
    """
    digest = hashlib.sha256(claims.jti.encode()).hexdigest()
    try:
        with registry.cursor() as cr:
            cr.execute(SPEND, [issuer_id, digest, claims.expires], log_exceptions=False)
            is_first = cr.fetchone() is not None
    except psycopg2.errors.SerializationFailure:
        is_first = False  # somebody has just committed the same one
    if not is_first:
        raise MessageError("token_replayed")


def wish_keys(registry, issuer_id):
    """Have the keys of a provider fetched soon: a token names one that is not known.

    Whoever sends such tokens brings about one fetch in a minute, however many he sends.
    """
    now, place = time.monotonic(), (registry.db_name, issuer_id)
    if now - _wished.get(place, -WISH_SECONDS) < WISH_SECONDS:
        return
    _wished[place] = now
    try:
        with registry.cursor() as cr:
            cr.execute(WISH, {"issuer": issuer_id, "seconds": WISH_SECONDS}, log_exceptions=False)
            if cr.fetchone():
                api.Environment(cr, SUPERUSER_ID, {}).ref(CRON)._trigger()
    except psycopg2.errors.SerializationFailure:
        _logger.debug("Another worker has just asked for the keys of provider %s", issuer_id)
