# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine.audit_bundle import bundle
from ..messaging.sealing.bundle import NotSealedError

AUDITOR = "healthcare_integration_base.group_auditor"
MANAGER = "healthcare_integration_base.group_integration_manager"


class HcAuditBundle(models.TransientModel):
    """Choose the events of a bundle that an auditor verifies without Odoo."""

    _name = "hc.audit.bundle"
    _description = "Bundle of the Audit Trail"

    date_from = fields.Datetime("From", required=True, default=lambda self: self._month_ago())
    date_until = fields.Datetime("Until", required=True, default=fields.Datetime.now)
    event_count = fields.Integer("Sealed events", compute="_compute_event_count")

    @api.model
    def _month_ago(self):
        return fields.Datetime.subtract(fields.Datetime.now(), months=1)

    def _domain(self):
        return [
            ("recorded_at", ">=", self.date_from),
            ("recorded_at", "<=", self.date_until),
            ("is_sealed", "=", True),
        ]

    @api.depends("date_from", "date_until")
    def _compute_event_count(self):
        for one in self:
            one.event_count = self.env["hc.audit.event"].search_count(one._domain())

    def action_download(self):
        """Button: make the bundle, and hand it over."""
        self.ensure_one()
        self._check_auditor()
        first, last = self._span()
        span = urlencode({"first": first, "last": last})
        return {
            "type": "ir.actions.act_url",
            "url": f"/healthcare_integration/audit/bundle?{span}",
            "target": "download",
        }

    def _span(self):
        [(first, last)] = self.env["hc.audit.event"]._read_group(
            self._domain(), [], ["id:min", "id:max"]
        )
        if not first:
            raise UserError(self.env._("Nothing of that time is sealed."))
        return first, last

    @api.model
    def _check_auditor(self):
        self.env["hc.audit.event"].check_access("read")
        if not (self.env.user.has_group(AUDITOR) or self.env.user.has_group(MANAGER)):
            raise AccessError(self.env._("Bundles are for auditors and managers."))

    @api.model
    def _sudo_bundle(self, first, last):
        """The open file of a bundle. It is read over the cursor, which knows no record rules:
        of events of companies that are not the reader's there is the hash only.

        :raises UserError: nothing of it is sealed
        """
        self._check_auditor()
        everywhere = self.env["res.company"].sudo().search_count([])
        companies = set(self.env.user.company_ids.ids)
        try:
            file, count = bundle(
                self.env.cr, first, last, None if len(companies) == everywhere else companies
            )
        except NotSealedError as error:
            raise UserError(self.env._("Nothing of that time is sealed.")) from error
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "trail.bundle.exported",
                    "first": first,
                    "last": last,
                    "events": count,
                }
            ]
        )
        return file
