# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json

from odoo import api, fields, models
from odoo.tools import SQL, drop_view_if_exists, file_open

COLUMNS = frozenset(
    {
        "action",
        "outcome",
        "user_id",
        "system_id",
        "company_id",
        "object",
        "code",
        "correlation",
        "digest",
    }
)


class HcAuditEvent(models.Model):
    """The audit trail, read through a view; written through ``hc_audit.append`` only."""

    _name = "hc.audit.event"
    _description = "Audit Event"
    _order = "id desc"
    _auto = False
    _rec_name = "action"

    recorded_at = fields.Datetime(readonly=True)
    action = fields.Char(readonly=True)
    outcome = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    system_id = fields.Many2one("hc.system", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    object = fields.Char(readonly=True, help="Identifier of what it happened to.")
    code = fields.Char(readonly=True)
    correlation = fields.Char(readonly=True)
    digest = fields.Char(readonly=True)
    details = fields.Json(readonly=True)

    def init(self):
        """Make the schema where the administrator has not made it, and the view."""
        cr = self.env.cr
        cr.execute("SELECT to_regclass('hc_audit.event')")
        if not cr.fetchone()[0]:
            with file_open("healthcare_integration_base/data/audit_schema.sql") as script:
                cr.execute(script.read())
        drop_view_if_exists(cr, "hc_audit_event")
        columns = SQL(", ").join(
            SQL("%s AS %s", source, SQL.identifier(name))
            for name, source in self._view_columns().items()
        )
        cr.execute(SQL("CREATE VIEW hc_audit_event AS SELECT %s FROM hc_audit.event e", columns))

    def _view_columns(self):
        """Columns of the view: name -> what of the trail ``e`` it is."""
        return {
            "id": SQL("e.id"),
            "recorded_at": SQL("e.recorded_at AT TIME ZONE 'UTC'"),
            "action": SQL("e.action"),
            "outcome": SQL("e.outcome"),
            "user_id": SQL("e.user_id"),
            "system_id": SQL("e.system_id"),
            "company_id": SQL("e.company_id"),
            "object": SQL("e.object"),
            "code": SQL("e.code"),
            "correlation": SQL("e.correlation"),
            "digest": SQL("e.digest"),
            "details": SQL("e.details"),
        }

    @api.model
    def _append(self, events):
        """Add events to the trail, in the present transaction.

        :param events: dicts; what is no column of the trail goes into its details. They
            hold identifiers and codes, never a value of a payload.
        """
        append(self.env.cr, self.env.uid, events)


APPEND = "SELECT hc_audit.append(%s::jsonb)"


def append(cr, uid, events):
    """See :meth:`HcAuditEvent._append`; for callers that have no environment."""
    if events:
        cr.execute(APPEND, [document(uid, events)])


def document(uid, events):
    """The argument of ``hc_audit.append``: what is no column goes into the details."""
    rows = []
    for event in events:
        row = {name: value for name, value in event.items() if name in COLUMNS}
        row.setdefault("user_id", uid)
        row["details"] = {n: v for n, v in event.items() if n not in COLUMNS} or None
        rows.append(row)
    return json.dumps(rows)
