# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from werkzeug.wrappers import Response

from odoo import api
from odoo.exceptions import AccessError, MissingError
from odoo.http import Controller, content_disposition, request, route

from ..messaging.audit_export import FORMATS, chunks


class AuditExport(Controller):
    """The file of an export of the audit trail, for the auditor who asked for it."""

    @route("/hc_audit/export/<int:export_id>", type="http", auth="user", readonly=False)
    def download(self, export_id):
        """That it is exported is committed before its first byte leaves."""
        export = request.env["hc.audit.export"].browse(export_id)
        try:
            export._check_may_export()
        except (AccessError, MissingError):
            return request.not_found()
        if not export.exists():
            return request.not_found()
        last_id = export._last_id()
        export._trace(last_id)
        extension, media_type = FORMATS[export.file_format]
        return Response(
            _written(request.env.registry, request.env.uid, export.id, last_id),
            headers={
                "Content-Type": media_type,
                "Content-Disposition": content_disposition(f"audit-trail.{extension}"),
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            },
            direct_passthrough=True,
        )


def _written(registry, uid, export_id, last_id):
    """The file, in pieces. The request has ended by then: it has a cursor of its own."""
    with registry.cursor() as cr:
        env = api.Environment(cr, uid, {})
        export = env["hc.audit.export"].browse(export_id)
        yield from chunks(export.file_format, export._events(last_id), export._sudo_database())
