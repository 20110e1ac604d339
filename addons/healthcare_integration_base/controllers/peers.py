# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which proxies this server trusts, and with whom it talks."""

import functools
import logging
import os

from odoo.http import request
from odoo.tools import config

from ..messaging import peer

_logger = logging.getLogger(__name__)
VARIABLE = "HC_TRUSTED_PROXIES"
OPTION = "hc_trusted_proxies"


def client():
    """The client of this request, as far as that is proven (:class:`~..messaging.peer.Peer`).

    With ``proxy_mode`` Odoo has put what anybody's X-Forwarded-For says in place of the
    connection's address, which is kept beside.
    """
    environ = request.httprequest.environ
    original = environ.get("werkzeug.proxy_fix.orig") or environ
    forwarded = environ.get("HTTP_X_FORWARDED_FOR")
    return peer.proven(original.get("REMOTE_ADDR") or "", forwarded, trusted())


def trusted():
    """Addresses of proxies, of the environment or Odoo's configuration; it is the machine's
    administrator who knows them. Nobody, where none are named."""
    return _parsed(os.environ.get(VARIABLE) or config.get(OPTION) or "")


@functools.lru_cache(maxsize=4)
def _parsed(text):
    try:
        return peer.parse_trusted(text)
    except ValueError as error:
        _logger.error("%s: %s; no proxy is trusted", VARIABLE, error)
        return ()
