# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

PLACE = "/healthcare_integration/audit"


class Audit(http.Controller):
    """Downloads for auditors. Each is itself an event of the trail, so they write."""

    @http.route(
        f"{PLACE}/proof/<int:event_id>", type="http", auth="user", methods=["GET"], readonly=False
    )
    def proof(self, event_id):
        """The proof of one event, for ``hc_verify.py``."""
        event = request.env["hc.audit.event"].browse(event_id).exists()
        if not event:
            raise request.not_found()
        return request.make_response(
            json.dumps(event._sudo_proof(), ensure_ascii=False, indent=1),
            _headers("application/json", f"audit-event-{event_id}.json"),
        )

    @http.route(f"{PLACE}/bundle", type="http", auth="user", methods=["GET"], readonly=False)
    def bundle(self, first, last):
        """A bundle of events by their ids."""
        try:
            span = int(first), int(last)
        except ValueError as error:
            raise UserError(request.env._("A bundle is asked for by numbers.")) from error
        file = request.env["hc.audit.bundle"]._sudo_bundle(*span)
        response = request.make_response(
            None, _headers("application/zip", f"audit-{span[0]}-{span[1]}.zip")
        )
        response.response = iter(lambda: file.read(1 << 16), b"")
        response.call_on_close(file.close)
        response.direct_passthrough = True
        return response


def _headers(kind, name):
    return [("Content-Type", kind), ("Content-Disposition", content_disposition(name))]
