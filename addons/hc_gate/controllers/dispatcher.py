# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors that come before any route is found.

A database that has just come back leaves dead connections in the pool; a request that meets
one fails in Odoo's own code. Odoo keeps one dispatcher for each kind of route and uses that
of ``http`` until a route is known, so it is this one that answers then: it throws the dead
connections out and has the request served again. What fails all the same is a problem
document on /hc, and elsewhere what Odoo makes of it.
"""

import psycopg2
from werkzeug.exceptions import HTTPException

from odoo.http import HttpDispatcher, RegistryError

from .gate import FAILED, PREFIX, UNAVAILABLE, UNKNOWN, problem
from .revive import served_again

AWAY = (psycopg2.Error, RegistryError)


class GateDispatcher(HttpDispatcher):
    routing_type = "http"

    def handle_error(self, exc):
        try:
            response = served_again(self.request, exc)
        except Exception as again:  # as the first time: it is answered below
            exc, response = again, getattr(again, "error_response", None)
        if response is not None:
            return response
        if not is_ours(self.request.httprequest.path):
            return super().handle_error(exc)
        return as_problem(exc)


def is_ours(path):
    """Whether an address belongs to the suite's machines, not to people."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def as_problem(exc):
    """What to tell a machine of an error that no route has seen."""
    if isinstance(exc, AWAY):
        return problem(UNAVAILABLE, {"Retry-After": "1"})
    if isinstance(exc, HTTPException) and exc.code is not None and exc.code < 500:
        return problem({**UNKNOWN, "title": exc.name, "status": exc.code}, {})
    return problem(FAILED, {})
