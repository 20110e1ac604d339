# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The suite's own kind of route, ``type="hc"``.

Odoo's ``http`` dispatcher reads form bodies before the controller sees them and answers
errors that leave a controller in HTML. This one leaves the body alone and answers every
error as a problem document (RFC 9457).
"""

from werkzeug.exceptions import HTTPException, MethodNotAllowed

from odoo.http import HttpDispatcher

from ..engine import failure
from ..messaging.errors import MessageError
from . import answers

_BY_STATUS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    503: "database_unavailable",
}


class HcDispatcher(HttpDispatcher):
    routing_type = "hc"

    def dispatch(self, endpoint, args):
        # Odoo lets OPTIONS into every route, for browsers; machines ask for none.
        if self.request.httprequest.method == "OPTIONS":
            raise MethodNotAllowed(endpoint.routing["methods"])
        self.request.params = dict(args)
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        return answers.problem(as_message_error(exc))


def as_message_error(exc):
    """The registered error that an exception of any layer amounts to."""
    if isinstance(exc, HTTPException):
        code = _BY_STATUS.get(exc.code)
        return MessageError(code or ("internal_error" if (exc.code or 500) >= 500 else "not_found"))
    return failure.as_message_error(exc)
