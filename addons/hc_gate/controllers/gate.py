# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The door while nobody is home: problem documents for /hc when no addon answers."""

import json

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map

from odoo import http
from odoo.http import request

PREFIX = "/hc"
RETRY_AFTER_SECONDS = 5
UNAVAILABLE = {
    "type": "about:blank",
    "title": "Service Unavailable",
    "status": 503,
    "code": "database_unavailable",
    "detail": "The database cannot be reached. Nothing was kept: send the request again later.",
}
UNKNOWN = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "code": "not_found",
    "detail": "There is no such address. Compare the path with the documentation.",
}
WRONG_METHOD = {
    "type": "about:blank",
    "title": "Method Not Allowed",
    "status": 405,
    "code": "method_not_allowed",
    "detail": "This address does not take this method. The header Allow names those it takes.",
}
FAILED = {
    "type": "about:blank",
    "title": "Internal Server Error",
    "status": 500,
    "code": "internal_error",
    "detail": "The request failed before anything was kept. Send it again, or tell the operator.",
}


class Gate(http.Controller):
    @http.route(
        [PREFIX, f"{PREFIX}/<path:rest>"],
        type="http",
        auth="none",
        csrf=False,
        save_session=False,
    )
    def gate(self, **_arguments):
        """Answer for a missing database; with one, only what no other route takes comes here."""
        if not request.db:
            return problem(UNAVAILABLE, {"Retry-After": str(RETRY_AFTER_SECONDS)})
        methods = methods_of_others(request.httprequest.path)
        if methods:
            return problem(WRONG_METHOD, {"Allow": ", ".join(sorted(methods))})
        return problem(UNKNOWN, {})


def problem(document, headers):
    """An RFC 9457 answer that no cache keeps."""
    return request.make_response(
        json.dumps(document),
        headers={
            "Content-Type": "application/problem+json",
            "Cache-Control": "no-store",
            **headers,
        }.items(),
        status=document["status"],
    )


def methods_of_others(path):
    """The methods that other addons' routes take at a path.

    The gate's own rule takes every method, so the router ends here too where another route
    has the path and not the method: that is a 405 and no 404.
    """
    routing = request.env["ir.http"].routing_map()
    others = Map(strict_slashes=False, converters=routing.converters)
    for rule in routing.iter_rules():
        if rule.rule.startswith(f"{PREFIX}/") and rule.endpoint.routing["routes"][0] != PREFIX:
            others.add(rule.empty())
    try:
        others.bind("").match(path, method="-")
    except MethodNotAllowed as error:
        return set(error.valid_methods or ())
    except NotFound:
        return set()
    return set()
