# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..messaging.audit_actions import FAMILIES

AUDITOR = "healthcare_integration_base.group_auditor"
BATCH = 2000


class HcAuditExport(models.TransientModel):
    """Takes a part of the audit trail out of Odoo, as a file.

    Only auditors do that, each export names its reason, and is an event of the trail itself.
    The file is written while it is downloaded; it is kept nowhere.
    """

    _name = "hc.audit.export"
    _description = "Export the Audit Trail"

    date_from = fields.Datetime("From", default=lambda self: self.env.cr.now().replace(day=1))
    date_until = fields.Datetime("Until", help="Not included. Empty: until now.")
    file_format = fields.Selection(
        [
            ("csv", "CSV, for spreadsheets"),
            ("ndjson", "NDJSON, all that the trail says"),
            ("fhir_bundle", "FHIR R4 AuditEvent, one Bundle"),
            ("fhir_ndjson", "FHIR R4 AuditEvent, NDJSON"),
        ],
        "Format",
        required=True,
        default="csv",
    )
    family = fields.Selection(list(FAMILIES.items()), "Area")
    user_id = fields.Many2one("res.users", "Who")
    system_id = fields.Many2one("hc.system")
    correlation = fields.Char()
    reason = fields.Char(required=True, help="Kept in the audit trail with this export.")
    event_count = fields.Integer("Events", compute="_compute_event_count")

    @api.constrains("date_from", "date_until")
    def _check_period(self):
        for export in self:
            if export.date_from and export.date_until and export.date_from >= export.date_until:
                raise ValidationError(self.env._("The period ends before it begins."))

    @api.depends("date_from", "date_until", "family", "user_id", "system_id", "correlation")
    def _compute_event_count(self):
        for export in self:
            export.event_count = self.env["hc.audit.event"].search_count(export._domain())

    def action_export(self):
        """Button: download the file."""
        self.ensure_one()
        self._check_may_export()
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the trail is exported."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/hc_audit/export/{self.id}",
            "target": "self",
        }

    def _check_may_export(self):
        self.check_access("read")
        if not self.env.user.has_group(AUDITOR):
            raise AccessError(self.env._("Only auditors export the audit trail."))

    def _domain(self):
        wanted = (
            ("recorded_at", ">=", self.date_from),
            ("recorded_at", "<", self.date_until),
            ("family", "=", self.family),
            ("user_id", "=", self.user_id.id),
            ("system_id", "=", self.system_id.id),
            ("correlation", "=", self.correlation),
        )
        return Domain.AND([Domain(*one) for one in wanted if one[2]] or [Domain.TRUE])

    def _last_id(self):
        """What is recorded later is not in the file that is being written."""
        return self.env["hc.audit.event"].search(self._domain(), order="id desc", limit=1).id

    def _trace(self, last_id):
        """The export is an event itself: who, why, what and how much."""
        count = self.env["hc.audit.event"].search_count(
            self._domain() & Domain("id", "<=", last_id or 0)
        )
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "audit.exported",
                    "outcome": "done",
                    "company_id": self.env.company.id,
                    "reason": self.reason,
                    "count": count,
                    "format": self.file_format,
                    "until": last_id or 0,
                    "filter": repr(self._domain()),
                }
            ]
        )

    def _events(self, last_id):
        """The events of the file in the order of their numbers, as the user may see them;
        a batch at a time is in memory."""
        events, domain, after = self.env["hc.audit.event"], self._domain(), 0
        while last_id:
            batch = events.search(
                domain & Domain("id", ">", after) & Domain("id", "<=", last_id),
                order="id",
                limit=BATCH,
            )
            if not batch:
                return
            yield from batch._export_values()
            after = batch[-1].id
            self.env.invalidate_all(flush=False)

    def _sudo_database(self):
        """What tells this database from others; nothing that an auditor may not know."""
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")
