# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors on /hc that come before any route is found.

A database that has just come back leaves dead connections in the pool; the first request
that meets one fails in Odoo's own code, which answers in HTML. Odoo keeps one dispatcher
for each kind of route and uses that of ``http`` until a route is known, so it is this one
that answers then. Everywhere but on /hc it does what it inherits.
"""

import psycopg2
from werkzeug.exceptions import HTTPException

from odoo.http import HttpDispatcher

from .gate import FAILED, PREFIX, UNAVAILABLE, UNKNOWN, problem


class GateDispatcher(HttpDispatcher):
    routing_type = "http"

    def handle_error(self, exc):
        path = self.request.httprequest.path
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return super().handle_error(exc)
        if isinstance(exc, psycopg2.Error):
            return problem(UNAVAILABLE, {"Retry-After": "1"})
        if isinstance(exc, HTTPException) and exc.code is not None and exc.code < 500:
            return problem({**UNKNOWN, "title": exc.name, "status": exc.code}, {})
        return problem(FAILED, {})
